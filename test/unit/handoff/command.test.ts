import { expect, test } from 'vitest';
import type { Device } from '../../../src/device/handle.js';
import { type Command, commandAt, encodeCommand } from '../../../src/handoff/command.js';
import { device } from '../support/device.js';

const command = (changes: Partial<Command> = {}): Command => ({
  file: '/bin/tool',
  words: ['tool', '{fd}', '{path}'],
  environment: ['A=\xff'],
  fd: 7,
  placeholders: true,
  ...changes,
});

function decode(encoded: Command, from: Device, readOnly?: number) {
  const at = commandAt();
  const { header, strings, descriptors } = encodeCommand(encoded, from, readOnly);
  const count = header.readUInt32LE(at.descriptor_count);
  const pidAt = header.readUInt32LE(at.pid_at);
  expect(strings.at(-1)).toBe(0);
  const texts = strings.toString('latin1').slice(0, -1).split('\0');
  const argc = header.readUInt32LE(at.argc);
  expect(header.readUInt32LE(at.strings_size)).toBe(strings.length);
  expect(texts).toHaveLength(1 + argc + header.readUInt32LE(at.envc));
  return {
    descriptors: Array.from({ length: count }, (_, index) => [
      descriptors.readInt32LE(8 * index),
      descriptors.readInt32LE(8 * index + 4),
    ]),
    pidField: pidAt === 0 ? undefined : strings.toString('latin1', pidAt, strings.indexOf(0, pidAt)),
    pidName: pidAt === 0 ? undefined : strings.toString('latin1', pidAt - 11, pidAt),
    file: texts[0],
    argv: texts.slice(1, 1 + argc),
    envp: texts.slice(1 + argc),
  };
}

test('a command is its file, its words and its environment, as bytes', () => {
  expect(decode(command(), device({ fd: 21 }))).toEqual({
    descriptors: [
      [0, 0],
      [1, 1],
      [2, 2],
      [21, 7],
    ],
    pidField: undefined,
    pidName: undefined,
    file: '/bin/tool',
    // This machine has no such node, so the path is that of the descriptor the command gets.
    argv: ['tool', '7', '/proc/self/fd/7'],
    envp: [
      'A=\xff',
      'DMFD_FD=7',
      'DMFD_PATH=/proc/self/fd/7',
      'DMFD_NAME=mine',
      'DMFD_UUID=DMFD-1',
      'DMFD_DEV=4095:1048575',
      'DMFD_DISKSEQ=42',
      'DMFD_SIZE=4096',
      'DMFD_MODE=fallback',
      'DMFD_FDS=mine=7',
    ],
  });
});

test('without placeholders the words stay', () => {
  const { argv } = decode(command({ placeholders: false }), device());
  expect(argv).toEqual(['tool', '{fd}', '{path}']);
});

test('empty words and an empty environment count', () => {
  const { argv, envp } = decode(command({ words: ['', ''], environment: [] }), device());
  expect(argv).toEqual(['', '']);
  expect(envp).toHaveLength(9);
});

test("the caller's descriptors are passed on, but those that ours replace and those that were for dmfd", () => {
  const caller = {
    ignored: 0n,
    blocked: 0n,
    pending: 0n,
    softDescriptors: 64n,
    hardDescriptors: 64n,
    descriptors: [0, 2, 5, 7, 9, 63],
    launcher: '/usr/sbin/dmfd',
  };
  const { descriptors } = decode(command({ caller, withheld: [9], readOnlyFd: 5 }), device({ fd: 21 }), 22);
  expect(descriptors).toEqual([
    [0, 0],
    [2, 2],
    [63, 63],
    [21, 7],
    [22, 5],
    [9, -1],
  ]);
});

test('for sd_listen_fds, the shim is told where the pid goes', () => {
  const environment = ['LISTEN_PID=77', 'LISTEN_FDS=9', 'LISTEN_FDNAMES=x', 'A=b'];
  const { envp, pidField, pidName } = decode(
    command({ environment, listenAfter: ['one', 'two'], fd: 5 }),
    device(),
  );
  expect({ pidField, pidName }).toEqual({ pidField: ' '.repeat(10), pidName: 'LISTEN_PID=' });
  expect(envp.filter((entry) => entry.startsWith('LISTEN_'))).toEqual([
    `LISTEN_PID=${' '.repeat(10)}`,
    'LISTEN_FDS=3',
    'LISTEN_FDNAMES=one:two:mine',
  ]);
});

test('what was to be listened to by dmfd itself is no business of the command', () => {
  const { envp } = decode(
    command({ environment: ['LISTEN_PID=77', 'LISTEN_FDS=1', 'LISTEN_FDNAMES=x'] }),
    device(),
  );
  expect(envp.filter((entry) => entry.startsWith('LISTEN_'))).toEqual([]);
});
