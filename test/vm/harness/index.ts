export { bootedVm } from './booted-vm.js';
export type { Guest, RunOptions, StartOptions } from './guest.js';
export type { CommandResult, GuestProcess, SignalTarget } from './process.js';
