import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { program } from '../../../../src/cli/program.js';
import {
  argvOf,
  askAt,
  environmentOf,
  isForOthers,
  isRepeatable,
  parseQuestion,
} from '../../../../src/serve/launcher/question.js';
import { checkout } from '../../../vm/harness/checkout.js';

const STATE = 'pid=12;ignored=0;blocked=0;pending=0;nofile=1024:4096;fds=0-2,9,;launcher=/usr/sbin/dmfd';

/** As a launcher sends it. */
function question(
  words: readonly string[],
  environment: readonly string[] = [],
  changes: { argc?: number; pid?: number } = {},
) {
  const at = askAt();
  const body = Buffer.from([STATE, ...words, ...environment].map((text) => `${text}\0`).join(''), 'latin1');
  const ask = Buffer.alloc(at.bytes);
  ask.writeUInt32LE(body.length, at.size);
  ask.writeUInt32LE(changes.argc ?? words.length, at.argc);
  ask.writeUInt32LE(environment.length, at.envc);
  ask.writeUInt32LE(0o27, at.umask);
  ask.writeUInt32LE(0b110, at.terminals);
  ask.fill('edition', at.command);
  // What an earlier question has left there is not looked at.
  return parseQuestion(changes.pid ?? 12, ask, Buffer.concat([body, Buffer.from('left\0')]));
}

function asked(words: readonly string[], environment: readonly string[] = []) {
  const read = question(words, environment);
  if (read === undefined) throw new Error('not understood');
  return read;
}

test('a question is read as it was sent, empty words and odd bytes included', () => {
  const read = asked(
    ['create', '', '\xff', 'ü'.normalize()],
    ['A=1', 'EMPTY=', 'B=\xc3\xbc', '=odd', 'A=2', 'DMFD_CALLER=x'],
  );
  expect(read).toMatchObject({
    pid: 12,
    umask: 0o27,
    terminals: 0b110,
    words: ['create', '', '\xff', '\xfc'],
  });
  expect(read.environment).toHaveLength(5);
  expect(read.state.descriptors).toEqual([0, 1, 2, 9]);
  expect(read.edition.toString('latin1')).toMatch(/^edition/);
  expect(argvOf({ ...read, words: ['\xc3\xbc'] })).toEqual(['ü']);
  expect([...environmentOf(read)]).toEqual([
    ['A', '1'],
    ['EMPTY', ''],
    ['B', 'ü'],
  ]);
});

test.each([
  ['of another process', { pid: 13 }],
  ['with fewer words than it says', { argc: 3 }],
  ['with more', { argc: 1 }],
])('one %s is not understood', (_what, changes) => {
  expect(question(['create', 'a'], [], changes)).toBeUndefined();
});

test.each<[boolean, string[], string[]?]>([
  [true, ['create', '--table', '0 8 zero', '--', 'cat', '/proc/self/maps']],
  [true, ['ls']],
  [true, ['rm', 'mine']],
  [true, ['xen-hotplug', 'add']],
  [true, ['create', '--loop', '/proc/1234/fd/5', '--', 'true']],
  [true, ['create', '--loop', '/dev/fdisk.img', '--', 'true']],
  [false, []],
  [false, ['--version']],
  [false, ['serve']],
  [false, ['create', '--table', '0 8 linear /dev/fd/5 0', '--', 'true']],
  [false, ['create', '--loop', '/proc/self/fd/5,offset=1M', '--', 'true']],
  [false, ['create', '--loop', '/proc/thread-self/cwd/x', '--', 'true']],
  [false, ['create', '--table-file', '/dev/stdin', '--', 'true']],
  [false, ['create', '--table', '0 8 zero', '--', '/proc/self/exe']],
  [false, ['create', '--table', '0 8 zero', '--', 'true'], ['TMPDIR=/proc/self/cwd']],
])('another process can do it: %s: %j', (can, words, environment) => {
  expect(isForOthers(asked(words, environment))).toBe(can);
});

test('a launcher asks for nothing else', () => {
  const source = readFileSync(join(checkout, 'native-shims/launcher/ask.c'), 'utf8');
  const [, list = ''] = /served\[\] = \{([^}]*)\}/.exec(source) ?? [];
  const words = Array.from(list.matchAll(/"([\w-]+)"/g), ([, word = '']) => word);
  expect(words).toHaveLength(8);
  const commands = program().commands.map((command) => command.name());
  expect(commands.filter((word) => isForOthers(asked([word]))).sort()).toEqual(words.sort());
});

test('what a failure leaves as it was may be tried again', () => {
  expect(['create', 'swap', 'ls', 'probe'].every((word) => isRepeatable({ words: [word] }))).toBe(true);
  expect(['rm', 'resize', 'reap', 'xen-hotplug'].some((word) => isRepeatable({ words: [word] }))).toBe(false);
});
