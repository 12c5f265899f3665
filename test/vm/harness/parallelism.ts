import { availableParallelism } from 'node:os';

/** How many guests work at the same time: on an emulated processor one test keeps one host processor busy. */
export function guestsAtOnce(kernels: number): number {
  return Math.min(kernels, availableParallelism());
}

/**
 * Virtual processors for each of so many guests. More of them than the host has is a bad bargain: a virtual
 * processor that is not running makes the others wait, and the same work takes twice the processor time.
 * `DMFD_VM_CPUS` overrides.
 */
export function processorsPerGuest(guests: number): number {
  const wish = Number(process.env.DMFD_VM_CPUS);
  if (wish >= 1) return Math.floor(wish);
  return Math.max(1, Math.min(4, Math.floor(availableParallelism() / guests)));
}
