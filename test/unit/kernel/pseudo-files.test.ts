import { expect, test } from 'vitest';
import { listIfThere, readIfThere, unescapePath } from '../../../src/kernel/pseudo-files.js';

test('what is not there is empty', () => {
  expect(readIfThere('/proc/self/nonexistent')).toBe('');
  expect(listIfThere('/proc/self/nonexistent')).toEqual([]);
  expect(readIfThere('/proc/self/comm')).not.toBe('');
  expect(listIfThere('/proc/self')).toContain('comm');
});

test.each([
  ['/plain', '/plain'],
  ['/a\\040b\\011c\\134d', '/a b\tc\\d'],
  // As the kernel writes it, and as bytes that it escapes one by one.
  ['/größe\\040x', '/größe x'],
  ['/gr\\303\\266\\303\\237e', '/größe'],
])('%j means %j', (written, path) => {
  expect(unescapePath(written)).toBe(path);
});
