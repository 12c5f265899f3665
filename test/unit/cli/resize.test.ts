import { expect, test } from 'vitest';
import { formatResized } from '../../../src/cli/resize.js';

test('a resizing in words', () => {
  expect(formatResized({ name: 'a', before: 1024n, size: 2048n })).toBe('a: 2K (2048 bytes), and was 1K');
  expect(formatResized({ name: 'a', before: 1024n, size: 1024n })).toBe('a: 1K (1024 bytes), as before');
});
