import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import {
  Canceled,
  type Cancellation,
  pauseUnlessCanceled,
  throwIfCanceled,
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
