import { DmfdError } from '../errors.js';
import { describeErrno, type Errno } from '../kernel/errno.js';
import { shim } from '../kernel/shim.js';
import { type StepListener, timed } from '../kernel/steps.js';
import type { CheckedSwap, Discard } from './request.js';

/** linux/swap.h. */
const PREFER = 0x8000;
const DISCARD = 0x10000;
const DISCARD_FLAGS: Readonly<Record<Discard, number>> = {
  both: DISCARD,
  once: DISCARD | 0x20000,
  pages: DISCARD | 0x40000,
};

/** What swapon(2) is told. */
export function swapFlags({ priority, discard }: Pick<CheckedSwap, 'priority' | 'discard'>): number {
  return (
    (priority === undefined ? 0 : PREFER | priority) | (discard === undefined ? 0 : DISCARD_FLAGS[discard])
  );
}

/** By system call, of a path that is proved to be the device. @throws DmfdError `kernel`, `privilege` or `unsupported` */
export function swapOn(path: string, flags: number, onStep?: StepListener): void {
  const result = timed(onStep, `swapon ${path}`, () => shim.swapOn(Buffer.from(`${path}\0`), flags));
  if (result >= 0) return;
  const errno = describeErrno(-result);
  const { kind, hint } = explain(errno);
  throw new DmfdError(kind, `swapon ${path}: ${errno.name}, ${errno.words}`, {
    operation: 'swapon',
    errno: errno.name,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** For a swap that turns out to be of no use. */
export function swapOff(path: string, onStep?: StepListener): void {
  timed(onStep, `swapoff ${path}`, () => shim.swapOff(Buffer.from(`${path}\0`)));
}

function explain({ name }: Errno): { kind: 'kernel' | 'privilege' | 'unsupported'; hint?: string } {
  switch (name) {
    case 'EPERM':
      return {
        kind: 'privilege',
        hint: 'dmfd needs CAP_SYS_ADMIN in the initial user namespace; or 29 areas, all there can be, are in use',
      };
    case 'ENOSYS':
      return { kind: 'unsupported', hint: 'this kernel was built without swap (CONFIG_SWAP)' };
    default:
      return { kind: 'kernel', hint: 'the kernel log may say more: dmesg | tail' };
  }
}
