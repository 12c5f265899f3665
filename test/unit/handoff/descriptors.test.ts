import { expect, test } from 'vitest';
import { callerDescriptors } from '../../../src/handoff/caller.js';
import { lowestFree, planDescriptors } from '../../../src/handoff/descriptors.js';

test.each([
  [[], 3],
  [[0, 1, 2], 3],
  [[0, 1, 2, 3, 4, 9], 5],
  [[4], 3],
])('with %j taken the lowest free one is %i', (taken, fd) => {
  expect(lowestFree(taken)).toBe(fd);
});

test('where nobody noted what was given, the standard streams are passed on', () => {
  const own = [{ source: 20, target: 1 }];
  expect(planDescriptors(callerDescriptors(undefined), own, [])).toEqual({
    passed: [0, 2],
    own,
    withheld: [],
  });
});
