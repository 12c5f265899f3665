import { expect, test } from 'vitest';
import { shortAge, shortSize } from '../../../../src/cli/words/amounts.js';

test.each([
  [0n, '0B'],
  [512n, '512B'],
  [1024n, '1K'],
  [1536n, '1.5K'],
  [64n * 1024n ** 2n, '64M'],
  [64n * 1024n ** 2n - 512n, '63.9M'],
  [1024n ** 2n - 1n, '1023.9K'],
  [3n * 1024n ** 4n, '3T'],
  [2n ** 63n - 512n, '7.9E'],
  [2n ** 73n, '8192E'],
])('%i bytes are %s', (bytes, words) => {
  expect(shortSize(bytes)).toBe(words);
});

test.each([
  [-1, ''],
  [0, '0s'],
  [119, '119s'],
  [120, '2m'],
  [7199, '119m'],
  [7200, '2h'],
  [2 * 86_400 - 1, '47h'],
  [2 * 86_400, '2d'],
  [1000 * 86_400, '1000d'],
])('%i seconds are %s', (seconds, words) => {
  const now = new Date('2026-11-26T12:00:00Z');
  expect(shortAge(new Date(now.getTime() - seconds * 1000), now)).toBe(words);
});
