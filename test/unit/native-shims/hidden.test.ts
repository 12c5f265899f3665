import { expect, test } from 'vitest';
import { runCFile } from '../support/compile.js';

test('a process that cannot hide gets no key, and says why', () => {
  expect(runCFile(new URL('./hidden.c', import.meta.url))).toEqual([
    'as ever: ok, hidden',
    'without prctl: EPERM',
    'without setrlimit: EPERM',
    'without setsid: EPERM',
  ]);
});
