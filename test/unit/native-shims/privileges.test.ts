import { expect, test } from 'vitest';
import { runCFile } from '../support/compile.js';

test('root with its own ids has no more than its caller, whatever a security module says; anybody else may', () => {
  expect(runCFile(new URL('./privileges.c', import.meta.url))).toEqual([
    '0 0 0 0: goes on',
    '0 0 1000 1000: goes on',
    '1000 1000 1000 1000: goes on',
    '1000 0 1000 1000: goes on',
    '0 1000 0 0: goes on',
    '0 0 0 6: goes on',
    'secure 0 0 0 0: goes on',
    'secure 0 0 1000 1000: goes on',
    'secure 1000 1000 1000 1000: refused',
    'secure 1000 0 1000 1000: refused',
    'secure 0 1000 0 0: refused',
    'secure 0 0 0 6: refused',
  ]);
});
