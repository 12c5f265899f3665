import { afterEach, expect, test } from 'vitest';
import { Canceled, pauseUnlessCanceled, waitAtMost } from '../../../src/kernel/cancellation.js';

afterEach(() => waitAtMost());

test('waits that are longer than is allowed for all of them end as those that were canceled', () => {
  pauseUnlessCanceled(1, undefined);
  waitAtMost(5);
  pauseUnlessCanceled(2, undefined);
  pauseUnlessCanceled(3, undefined);
  pauseUnlessCanceled(0, undefined);
  expect(() => pauseUnlessCanceled(1, undefined)).toThrow(Canceled);
  waitAtMost();
  pauseUnlessCanceled(1, undefined);
});
