import { expect, test } from 'vitest';
import { runWords } from '../../../src/cli/run-words.js';
import { serve } from '../../../src/handoff/served.js';

/** No device is called so. */
const NAME = 'no-such-device-of-this-test';

test.each<[told: boolean, words: string[]]>([
  [true, ['rm', NAME]],
  [true, ['resize', NAME, '--to-backing']],
  [true, ['reap', NAME]],
  [false, ['reap', NAME, '--dry-run']],
  [false, ['rm']],
  [false, ['resize', NAME]],
  [false, ['swap', `/nonexistent/${NAME}`]],
])('what is not to be done twice is told before anything is done: %s, %j', async (told, words) => {
  const written: [fd: number, text: string][] = [];
  serve({
    pid: process.pid,
    state: undefined,
    words: [],
    environment: [],
    columns: 0,
    isTerminal: () => false,
    write: (fd, bytes) => written.push([fd, bytes.toString()]),
    run: () => 0,
  });
  try {
    await expect(runWords(words)).rejects.toThrow();
  } finally {
    serve(undefined);
  }
  expect(written).toEqual(told ? [[2, '']] : []);
});
