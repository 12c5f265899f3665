import { expect, test } from 'vitest';
import { runCFile } from '../support/compile.js';

test('after a killed shield, a loop device is detached if it has our file by inode and disk, and would stay', () => {
  const lines = runCFile(new URL('./loop.c', import.meta.url))
    .toString('ascii')
    .trim()
    .split('\n');
  // -4: EINTR.
  expect(lines).toEqual([
    'our file: -4, detached 1',
    'our file, and goes by itself: -4, detached 0',
    'another file: -4, detached 0',
    'a file with that inode number on another disk: -4, detached 0',
    'one whose number has the same lower half: -4, detached 0',
  ]);
});
