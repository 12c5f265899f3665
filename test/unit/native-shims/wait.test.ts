import { expect, test } from 'vitest';
import { runCFile } from '../support/compile.js';

test('a SIGCONT that comes just before dmfd waits for its command is not slept over', () => {
  expect(runCFile(new URL('./wait.c', import.meta.url))).toEqual(['status 5']);
});
