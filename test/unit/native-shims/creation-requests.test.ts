import { expect, test } from 'vitest';
import { runCFile } from '../support/compile.js';

test('the requests of a creation are those of the user API, byte for byte', () => {
  expect(runCFile(new URL('./creation-requests.c', import.meta.url))).toEqual([
    'ok create',
    'ok create read-only',
    'ok status',
    'ok remove',
    'ok resume',
    'ok remove a held one',
    'ok create with the longest names',
  ]);
});
