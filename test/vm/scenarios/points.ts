import { everything, vm } from './support.js';

/** The kernels in whose runs the points of dmfd's main thread are shared out: any three in a row take all of them. */
const KERNELS = ['debian-5.10', 'debian-6.12', 'dmfd-6.1', 'debian-latest', 'debian-6.1', 'dmfd-6.12'];
const SHARES = 3;

const share = Math.max(0, KERNELS.indexOf(vm.kernel.name)) % SHARES;

/** So many points of the main thread are enough where sigkill.test.ts has killed it at all calls that are the same. */
export const IN_MAIN = 30;

/**
 * Which of a sweep's points 1 to `count` (see kill-at) a run takes. `make test-all` takes all of those at which the shield dies:
 * between the exit of a call and the entry of the next, it tells dmfd what it has done. Where dmfd dies, it takes only the entries
 * of system calls, which leave what the exit of the call before leaves; and of the hundreds in the main thread, a third on each
 * kernel. `make test` takes `size` of them, others on other kernels.
 *
 * @param isWhole whether it takes all
 */
export function pointsFor(who: string, count: number, size: number, isWhole = everything): number[] {
  if (!isWhole) return atRegularIntervals(count, size);
  if (who === 'main') return entriesOf(count).filter((_, index) => index % SHARES === share);
  if (/^(over|group|both)/.test(who)) return entriesOf(count);
  return Array.from({ length: count }, (_, index) => index + 1);
}

/** Of 1 to `count`, the entries of system calls. */
export function entriesOf(count: number): number[] {
  return Array.from({ length: Math.ceil(count / 2) }, (_, index) => 2 * index + 1);
}

/** `size` points of 1 to `count`. */
export function atRegularIntervals(count: number, size: number): number[] {
  const step = Math.max(1, count / size);
  return Array.from(
    { length: Math.min(count, size) },
    (_, index) => 1 + Math.floor(step * (index + share / SHARES)),
  );
}
