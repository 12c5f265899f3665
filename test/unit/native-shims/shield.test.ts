import { expect, test } from 'vitest';
import { runCFile } from '../support/compile.js';

test('a shield tells its result, whoever takes its status; the memory may be dumped afterwards if it could be before', () => {
  expect(runCFile(new URL('./shield.c', import.meta.url))).toEqual([
    'ok in order',
    'ok killed',
    'ok taken back in a shield',
    'ok taken back without one, when that is killed',
    'ok beside a thread that waits for any child',
    'ok in several threads',
    'ok of a caller that only root may dump',
    'ok of a caller that may not be dumped',
  ]);
});
