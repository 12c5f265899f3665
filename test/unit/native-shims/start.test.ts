import { constants } from 'node:os';
import { expect, test } from 'vitest';
import { runCFile } from '../support/compile.js';

const { SIGTERM } = constants.signals;

test('a command that shall die with dmfd’s caller does not run when dmfd was killed before it could be told so', () => {
  const lines = runCFile(new URL('./start.c', import.meta.url))
    .toString('ascii')
    .trim()
    .split('\n');
  expect(lines).toEqual([
    '0, not killed: runs',
    `${SIGTERM}, not killed: runs`,
    '0, killed: runs',
    `${SIGTERM}, killed:`,
    `in another pid namespace, ${SIGTERM}, not killed: runs`,
  ]);
});
