import { everything, vm } from './support.js';

/** The kernels in whose runs the points of dmfd's main thread are shared out: any three in a row take all of them. */
const KERNELS = ['debian-5.10', 'debian-6.12', 'dmfd-6.1', 'debian-latest', 'debian-6.1', 'dmfd-6.12'];
const SHARES = 3;

const share = Math.max(0, KERNELS.indexOf(vm.kernel.name)) % SHARES;

/**
 * Which of a sweep's points 1 to `count` (see kill-at) a run takes. `make test-all` takes all; but of the hundreds in the
 * main thread, only the entries of system calls, which leave what the exit of the call before leaves, and of those a third on
 * each kernel. `make test` takes `size` of them, others on other kernels.
 *
 * @param isWhole whether it takes all
 */
export function pointsFor(who: string, count: number, size: number, isWhole = everything): number[] {
  if (!isWhole) return atRegularIntervals(count, size);
  if (who === 'main') return entriesOf(count).filter((_, index) => index % SHARES === share);
  return Array.from({ length: count }, (_, index) => index + 1);
}

/** Of 1 to `count`, the entries of system calls. */
function entriesOf(count: number): number[] {
  return Array.from({ length: Math.ceil(count / 2) }, (_, index) => 2 * index + 1);
}

/** `size` points of 1 to `count`. */
export function atRegularIntervals(count: number, size: number): number[] {
  const step = Math.max(1, Math.floor(count / size));
  const first = 1 + Math.floor((step * share) / SHARES);
  const points = Array.from(
    { length: Math.ceil((count - first + 1) / step) },
    (_, index) => first + index * step,
  );
  return points.slice(0, size);
}
