import { expect, test } from 'vitest';
import { formatRemoval } from '../../../src/cli/rm.js';
import { summary } from '../support/device.js';

const device = summary({ openCount: 2 });

test.each([
  [true, [], 'a: removed'],
  [false, ['process 1 (b)', 'mount /mnt'], 'a: goes with its last holder: process 1 (b), mount /mnt'],
  [false, [], 'a: goes with its last holder: open 2, by whom /proc does not tell'],
])('a removal in words: gone %s, held by %j', (gone, holders, words) => {
  expect(formatRemoval({ device, gone, holders })).toBe(words);
});

test('a device whose targets still write has no holder', () => {
  expect(formatRemoval({ device: { ...device, openCount: 0 }, gone: false, holders: [] })).toBe(
    'a: the kernel is still removing it',
  );
});
