import { afterEach, expect, test, vi } from 'vitest';
import { countWait, forgetWaits, pauseUnlessCanceled, whenWaited } from '../../../src/kernel/cancellation.js';

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
