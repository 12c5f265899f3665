import { cString } from '../kernel/c-string.js';
import { type Failure, resultName } from '../kernel/errno.js';
import type { Kernel } from '../kernel/kernel.js';
import { shim } from '../kernel/shim.js';
import type { CheckedSwap, Discard } from './request.js';

/** linux/swap.h. */
const PREFER = 0x8000;
const DISCARD = 0x10000;
const DISCARD_FLAGS: Readonly<Record<Discard, number>> = {
  both: DISCARD,
  once: DISCARD | 0x20000,
  pages: DISCARD | 0x40000,
};

/** The flags for swapon(2). */
export function swapFlags({ priority, discard }: Pick<CheckedSwap, 'priority' | 'discard'>): number {
  return (
    (priority === undefined ? 0 : PREFER | priority) | (discard === undefined ? 0 : DISCARD_FLAGS[discard])
  );
}

/** By system call, of a path that is proved to be the device. @throws DmfdError `kernel`, `privilege` or `unsupported` */
export function swapOn(kernel: Kernel, path: string, flags: number): void {
  const operation = `swapon ${path}`;
  const result = kernel.call(operation, () => shim.swapOn(cString(path), flags));
  if (result < 0) throw kernel.failure(operation, result, explain(resultName(result)));
}

/** For a swap that turns out to be of no use. */
export function swapOff(kernel: Kernel, path: string): void {
  kernel.call(`swapoff ${path}`, () => shim.swapOff(cString(path)));
}

function explain(errno: string): Failure {
  switch (errno) {
    case 'EPERM':
      return {
        hint: 'dmfd needs CAP_SYS_ADMIN in the initial user namespace; or 29 areas, all there can be, are in use',
      };
    case 'ENOSYS':
      return { code: 'swap-unsupported', hint: 'this kernel was built without swap (CONFIG_SWAP)' };
    default:
      return { code: 'kernel-refused', hint: 'the kernel log may say more: dmesg | tail' };
  }
}
