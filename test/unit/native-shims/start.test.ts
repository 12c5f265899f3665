import { constants } from 'node:os';
import { expect, test } from 'vitest';
import { runCFile } from '../support/compile.js';

const { SIGTERM } = constants.signals;

test('a command that shall die with dmfd’s caller does not run when dmfd was killed before it could be told so', () => {
  expect(runCFile(new URL('./start.c', import.meta.url))).toEqual([
    '0, not killed: runs',
    `${SIGTERM}, not killed: runs`,
    '0, killed: runs',
    `${SIGTERM}, killed:`,
    `in another pid namespace, ${SIGTERM}, not killed: runs`,
  ]);
});
