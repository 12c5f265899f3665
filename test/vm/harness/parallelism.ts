import { availableParallelism } from 'node:os';

/** How many guests work at the same time: on an emulated processor one test keeps one host processor busy. */
export function guestsAtOnce(kernels: number): number {
  return Math.min(kernels, availableParallelism());
}

/**
 * Virtual processors of each guest: one, unless `DMFD_VM_CPUS` says otherwise. On several, an emulated machine may execute code that
 * the kernel is just patching, and the kernel dies (seen with 7.3); and what has to wait for another one makes it no faster.
 */
export function processorsPerGuest(): number {
  const wish = Number(process.env.DMFD_VM_CPUS);
  return wish >= 1 ? Math.floor(wish) : 1;
}
