import { expect, test } from 'vitest';
import { runCFile } from '../support/compile.js';

test('all descriptors from a number on are closed, one by one only where nothing tells which there are', () => {
  expect(runCFile(new URL('./closing.c', import.meta.url))).toEqual([
    'by one call: xx----- -, few calls',
    'without that, by /proc: xx----- -, few calls',
    'without both: xx----- -, many',
  ]);
});
