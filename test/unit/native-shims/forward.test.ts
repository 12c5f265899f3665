import { constants } from 'node:os';
import { expect, test } from 'vitest';
import { runCFile } from '../support/compile.js';

const { SIGHUP, SIGTERM } = constants.signals;

test('a signal that comes while a command is started goes to it, once, or to dmfd when there is none', () => {
  expect(runCFile(new URL('./forward.c', import.meta.url))).toEqual([
    `before: ${SIGHUP} to the command ${SIGTERM} to the command`,
    `after: ${SIGTERM} to the command`,
    `while: ${SIGTERM} to the command`,
    `without one: ${SIGHUP} to dmfd ${SIGTERM} to dmfd, it gets ${SIGTERM}`,
    `without one, blocked: ${SIGTERM} to dmfd, later, it gets ${SIGTERM}`,
  ]);
});
