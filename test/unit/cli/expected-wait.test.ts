import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { expectedWait } from '../../../src/cli/expected-wait.js';
import { scratchFolder } from '../support/scratch.js';

const directory = scratchFolder();
beforeAll(() => {
  writeFileSync(join(directory, 'file'), 'key');
  spawnSync('mkfifo', [join(directory, 'fifo')]);
});

const table = (text: string) => [{ label: '--table', text }];
const SHORT = table('0 8 zero');

test.each([
  ['fifo', 'waiting for the key'],
  ['file', undefined],
  ['nothing', undefined],
])('a key from a %s', (name, wait) => {
  expect(expectedWait({ table: SHORT, key: { file: join(directory, name) } })).toBe(wait);
});

test('other keys are there at once, and a short table, too', () => {
  expect(expectedWait({ table: SHORT, key: { random: 256 } })).toBeUndefined();
  expect(expectedWait({ table: SHORT, key: { fd: 12345 } })).toBeUndefined();
  expect(expectedWait({ table: SHORT })).toBeUndefined();
});

test('a table of a hundred thousand lines takes its time', () => {
  expect(expectedWait({ table: table('0 8 zero\n'.repeat(120_000)) })).toBe('loading the table');
});

test('for links of udev one waits where that was asked for', () => {
  expect(expectedWait({ table: SHORT, udevWait: 1000 })).toBe("waiting for udev's links");
  expect(expectedWait({ udevWait: 1000, key: { file: join(directory, 'fifo') } })).toBe(
    'waiting for the key',
  );
});
