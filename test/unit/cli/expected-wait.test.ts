import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectedWait } from '../../../src/cli/expected-wait.js';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'dmfd-wait-'));
  writeFileSync(join(directory, 'file'), 'key');
  spawnSync('mkfifo', [join(directory, 'fifo')]);
});
afterAll(() => rmSync(directory, { recursive: true }));

const table = (text: string) => [{ label: '--table', text }];
const SHORT = table('0 8 zero');

test.each([
  ['fifo', 'waiting for the key'],
  ['file', undefined],
  ['nothing', undefined],
])('a key from a %s', (name, wait) => {
  expect(expectedWait(SHORT, { file: join(directory, name) })).toBe(wait);
});

test('other keys are there at once, and a short table, too', () => {
  expect(expectedWait(SHORT, { random: 256 })).toBeUndefined();
  expect(expectedWait(SHORT, { fd: 12345 })).toBeUndefined();
  expect(expectedWait(SHORT, undefined)).toBeUndefined();
});

test('a table of a hundred thousand lines takes its time', () => {
  expect(expectedWait(table('0 8 zero\n'.repeat(120_000)), undefined)).toBe('loading the table');
});
