import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  Canceled,
  type Cancellation,
  countWait,
  forgetWaits,
  pauseUnlessCanceled,
  throwIfCanceled,
  whenWaited,
} from '../../../src/kernel/cancellation.js';

const newCancellation = (): Cancellation => ({
  flag: new Int32Array(new SharedArrayBuffer(4)),
  event: -1,
});

function canceled(): Cancellation {
  const cancellation = newCancellation();
  Atomics.store(cancellation.flag, 0, 1);
  return cancellation;
}

test('what cannot be canceled, or was not, goes on', () => {
  throwIfCanceled(undefined);
  throwIfCanceled(newCancellation());
});

test('what was canceled ends, and says so', () => {
  expect(() => throwIfCanceled(canceled())).toThrow(Canceled);
  expect(() => throwIfCanceled(canceled())).toThrow(/^the operation was canceled$/);
});

describe('a pause', () => {
  test.each([
    ['that nobody can cancel', undefined],
    ['that nobody cancels', newCancellation()],
  ])('%s takes its time', (_what, cancellation) => {
    const start = performance.now();
    pauseUnlessCanceled(30, cancellation);
    expect(performance.now() - start).toBeGreaterThanOrEqual(29);
  });

  test.each([[0], [-1]])('of %i milliseconds is none', (milliseconds) => {
    pauseUnlessCanceled(milliseconds, undefined);
    pauseUnlessCanceled(milliseconds, newCancellation());
    expect(() => pauseUnlessCanceled(milliseconds, canceled())).toThrow(Canceled);
  });

  test('is not even begun by what was canceled before', () => {
    const start = performance.now();
    expect(() => pauseUnlessCanceled(60_000, canceled())).toThrow(Canceled);
    expect(performance.now() - start).toBeLessThan(10_000);
  });

  test('ends when another thread cancels', async () => {
    const cancellation = newCancellation();
    const { flag } = cancellation;
    const body = `const { workerData: flag } = require('node:worker_threads');
      setTimeout(() => { Atomics.store(flag, 0, 1); Atomics.notify(flag, 0); }, 100);`;
    const other = new Worker(body, { eval: true, workerData: flag });
    await new Promise((resolve) => other.once('online', resolve));
    const start = performance.now();
    expect(() => pauseUnlessCanceled(60_000, cancellation)).toThrow(Canceled);
    expect(performance.now() - start).toBeLessThan(10_000);
    await other.terminate();
  });
});

describe('the patience of a thread that has others to serve', () => {
  afterEach(forgetWaits);

  test('what is to be done when a thread has waited for long is done once, before it waits for longer', () => {
    const whenOver = vi.fn();
    pauseUnlessCanceled(10, undefined);
    whenWaited(5, whenOver);
    pauseUnlessCanceled(2, undefined);
    countWait(3);
    pauseUnlessCanceled(0, undefined);
    expect(whenOver).not.toHaveBeenCalled();
    pauseUnlessCanceled(1, undefined);
    pauseUnlessCanceled(10, undefined);
    expect(whenOver).toHaveBeenCalledTimes(1);
  });

  test('a wait ends with what is thrown then, and what is done after that may wait', () => {
    whenWaited(5, () => {
      throw new Error('too long');
    });
    expect(() => pauseUnlessCanceled(60_000, undefined)).toThrow('too long');
    pauseUnlessCanceled(10, undefined);
  });

  test('waits that nobody wants to know of any more', () => {
    const whenOver = vi.fn();
    whenWaited(5, whenOver);
    forgetWaits();
    pauseUnlessCanceled(10, undefined);
    expect(whenOver).not.toHaveBeenCalled();
  });
});
