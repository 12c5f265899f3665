import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { MODES } from '../../../src/device/creation.js';
import { RELOAD_STEPS } from '../../../src/device/reload.js';
import { CREATION_STEPS } from '../../../src/device/steps.js';
import { numbersOf, parseLayout } from '../../../src/kernel/layout.js';
import { scratchName } from '../../../src/kernel/random.js';
import { shim } from '../../../src/kernel/shim.js';
import { checkout } from '../../vm/harness/checkout.js';
import { evaluateC } from '../support/compile.js';
import { refusal } from '../support/refusal.js';

/** What the built shim says, as it stands. */
function layoutText(room = 16_384): { text: string; length: number } {
  const bytes = Buffer.alloc(room, 0xff);
  const length = shim.layout(bytes, room);
  return { text: bytes.toString('latin1', 0, bytes.indexOf(0)), length };
}

const answered = parseLayout(layoutText().text);

const STRUCTS = [
  'range',
  'creation',
  'resizing',
  'trace_entry',
  'key_place',
  'caller',
  'command',
  'descriptor',
  'ready',
  'passed',
  'edition',
  'ask',
  'answer',
  'reply',
];

/** Numbers that are no fields, and the C expressions they stand for. */
const OTHERS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(MODES.map((mode) => [`mode.${mode}`, `DMFD_${mode.toUpperCase()}`])),
  ...Object.fromEntries(CREATION_STEPS.map((step) => [`step.${step}`, `DMFD_STEP_${step}`])),
  ...Object.fromEntries(RELOAD_STEPS.map((step) => [`resize_step.${step}`, `DMFD_RESIZE_${step}`])),
  'key_source.random': 'DMFD_KEY_RANDOM',
  'key_source.descriptor': 'DMFD_KEY_DESCRIPTOR',
  'key_given.keyring': 'DMFD_KEY_IN_KEYRING',
  'key_given.table': 'DMFD_KEY_IN_TABLE',
  'limit.key_bytes': 'DMFD_KEY_MAX',
  'limit.pid_room': 'DMFD_PID_ROOM',
  'limit.ask_bytes': 'DMFD_ASK_MAX',
  ...Object.fromEntries(
    ['declined', 'write', 'end', 'start', 'exec'].map((kind) => [
      `answer_kind.${kind}`,
      `DMFD_ANSWER_${kind.toUpperCase()}`,
    ]),
  ),
  ...Object.fromEntries(
    ['unseen', 'user', 'capabilities', 'filter', 'namespace', 'root'].map((what) => [
      `inequality.${what}`,
      `DMFD_INEQUALITY_${what.toUpperCase()}`,
    ]),
  ),
  'ioctl.BLKGETSIZE64': 'BLKGETSIZE64',
  'ioctl.FS_IOC_GETFLAGS': 'FS_IOC_GETFLAGS',
  'ioctl.FS_IOC_FIEMAP': 'FS_IOC_FIEMAP',
  'event.readable': 'EPOLLIN',
  'event.writable': 'EPOLLOUT',
  'event.hung_up': 'EPOLLHUP',
  'event.error': 'EPOLLERR',
  'constant.not_passed': '(uint64_t)(int64_t)DMFD_NOT_PASSED',
};

function expressionFor(name: string): string {
  const other = OTHERS[name];
  if (other !== undefined) return other;
  const [struct = '', field] = name.split('.');
  if (!STRUCTS.includes(struct)) throw new Error(`nobody knows what ${name} is in C`);
  return field === 'bytes' ? `sizeof(struct dmfd_${struct})` : `offsetof(struct dmfd_${struct}, ${field})`;
}

describe('the numbers that the shim answers', () => {
  test('are those of the C compiler, each one', () => {
    const names = [...answered.keys()];
    const inC = evaluateC(
      ['"dmfd.h"', '"serve/serve.h"', '"warm/warm.h"', '<sys/epoll.h>', '<linux/fs.h>', '<linux/fiemap.h>'],
      names.map(expressionFor),
    );
    const theirs = names.map((name) => [name, Number(BigInt.asIntN(64, inC.get(expressionFor(name)) ?? 0n))]);
    expect(Object.fromEntries(answered)).toEqual(Object.fromEntries(theirs));
    expect(names).toEqual(expect.arrayContaining(Object.keys(OTHERS)));
  });

  test('have room for what is written there', () => {
    const room = 'sizeof(((struct dmfd_creation *)0)->scratch)';
    expect(scratchName().length).toBeLessThanOrEqual(Number(evaluateC(['"dmfd.h"'], [room]).get(room)));
    expect(String(2 ** 32 - 1).length).toBeLessThan(answered.get('limit.pid_room') ?? 0);
  });

  test('are all lines of the text, whose length is told whatever the room is', () => {
    const { text, length } = layoutText();
    expect(text).toHaveLength(length);
    expect(text.trimEnd().split('\n')).toHaveLength(answered.size);
    for (const room of [1, 2, 100, length]) {
      const short = layoutText(room);
      expect(short.length).toBe(length);
      expect(short.text).toBe(text.slice(0, room - 1));
    }
    expect(layoutText(length + 1).text).toBe(text);
  });
});

describe('numbers', () => {
  test('are had by their names', () => {
    const at = numbersOf('descriptor', ['bytes', 'source', 'target']);
    expect(at()).toEqual({ bytes: 8, source: 0, target: 4 });
    expect(at()).toBe(at());
  });

  test('may be negative', () => {
    expect(numbersOf('constant', ['not_passed'])()).toEqual({ not_passed: -1 });
  });

  test('that the shim does not have are a fault of the shim, told at their use', () => {
    const numbers = numbersOf('descriptor', ['bytes', 'absent']);
    for (const _ of ['first', 'second']) {
      expect(refusal(numbers)).toMatchObject({
        code: 'shim-unusable',
        kind: 'system',
        message: expect.stringMatching(/^the native shim \/.*\/libdmfd\.so is of another version of dmfd$/),
        hint: expect.stringContaining('make -C native-shims clean all'),
      });
    }
  });

  test('of every struct in the code are among them', () => {
    const source = readFileSync(join(checkout, 'native-shims/layout.c'), 'utf8');
    for (const struct of STRUCTS) expect(source).toContain(`BYTES(${struct})`);
  });
});

test.each<[text: string, numbers: [string, number][]]>([
  ['', []],
  ['a.b=1\n', [['a.b', 1]]],
  [
    'a.b_c=0\nd.E=-12\n',
    [
      ['a.b_c', 0],
      ['d.E', -12],
    ],
  ],
  ['a.b=12', [['a.b', 12]]],
  ['a.b=1\nc.d', [['a.b', 1]]],
  ['junk\n=5\na.b=\na.b=x\na.b=1x\na b=1\n', []],
])('of the text %j the numbers are %j', (text, numbers) => {
  expect([...parseLayout(text)]).toEqual(numbers);
});
