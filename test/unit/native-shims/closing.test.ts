import { expect, test } from 'vitest';
import { runCFile } from '../support/compile.js';

test('all descriptors from a number on are closed, one by one only where nothing tells which there are', () => {
  const lines = runCFile(new URL('./closing.c', import.meta.url))
    .toString('ascii')
    .trim()
    .split('\n');
  expect(lines).toEqual([
    'by one call: xx----- -, few calls',
    'without that, by /proc: xx----- -, few calls',
    'without both: xx----- -, many',
  ]);
});
