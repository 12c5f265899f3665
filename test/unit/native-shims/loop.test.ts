import { expect, test } from 'vitest';
import { runCFile } from '../support/compile.js';

test('after a killed shield, a loop device is detached if it has our file by inode and disk, and would stay', () => {
  // -4: EINTR.
  expect(runCFile(new URL('./loop.c', import.meta.url))).toEqual([
    'our file: -4, detached 1',
    'our file, and goes by itself: -4, detached 0',
    'another file: -4, detached 0',
    'a file with that inode number on another disk: -4, detached 0',
    'one whose number has the same lower half: -4, detached 0',
  ]);
});
