import { expect, test } from 'vitest';
import { Canceled } from '../../../src/kernel/cancellation.js';
import { Kernel } from '../../../src/kernel/kernel.js';
import { retryWhileLeaving } from '../../../src/kernel/leaving.js';

/** Works at the given try, and counts. */
function attemptWorkingAt(wanted: number): { attempt: () => boolean; times: () => number } {
  let times = 0;
  return { attempt: () => ++times === wanted, times: () => times };
}

test('what works at once is not tried again, and nobody looks for an obstacle', () => {
  const { attempt, times } = attemptWorkingAt(1);
  const neverAsked = () => {
    throw new Error('asked');
  };
  expect(retryWhileLeaving(new Kernel(), attempt, neverAsked)).toBe(true);
  expect(times()).toBe(1);
});

test('what is in the way and stays is given a moment, in case it was seen half gone', () => {
  const { attempt, times } = attemptWorkingAt(-1);
  const start = performance.now();
  expect(retryWhileLeaving(new Kernel(), attempt, () => false)).toBe(false);
  expect(performance.now() - start).toBeGreaterThanOrEqual(300);
  expect(times()).toBeGreaterThan(1);
});

test('what is about to leave is waited for', () => {
  // More tries than there is time for with an obstacle that stays.
  const { attempt, times } = attemptWorkingAt(25);
  expect(retryWhileLeaving(new Kernel(), attempt, () => true)).toBe(true);
  expect(times()).toBe(25);
});

test('the wait ends when the operation is canceled', () => {
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const kernel = new Kernel(undefined, { flag, event: -1 });
  const attempt = () => {
    Atomics.store(flag, 0, 1);
    return false;
  };
  expect(() => retryWhileLeaving(kernel, attempt, () => true)).toThrow(Canceled);
});
