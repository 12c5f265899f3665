import { expect, test } from 'vitest';
import type { Device } from '../../../src/device/handle.js';
import { type Command, encodeCommand } from '../../../src/handoff/command.js';
import { COMMAND } from '../../../src/kernel/layout.js';
import { device } from '../support/device.js';

const command = (changes: Partial<Command> = {}): Command => ({
  file: '/bin/tool',
  words: ['tool', '{fd}', '{path}'],
  environment: ['A=\xff'],
  fd: 7,
  placeholders: true,
  ...changes,
});

function decode(encoded: Command, from: Device) {
  const { header, strings } = encodeCommand(encoded, from);
  expect(strings.at(-1)).toBe(0);
  const texts = strings.toString('latin1').slice(0, -1).split('\0');
  const argc = header.readUInt32LE(COMMAND.argc);
  expect(header.readUInt32LE(COMMAND.stringsSize)).toBe(strings.length);
  expect(texts).toHaveLength(1 + argc + header.readUInt32LE(COMMAND.envc));
  return {
    deviceFd: header.readInt32LE(COMMAND.deviceFd),
    targetFd: header.readInt32LE(COMMAND.targetFd),
    file: texts[0],
    argv: texts.slice(1, 1 + argc),
    envp: texts.slice(1 + argc),
  };
}

test('a command is its file, its words and its environment, as bytes', () => {
  expect(decode(command(), device({ fd: 21 }))).toEqual({
    deviceFd: 21,
    targetFd: 7,
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
  expect(envp).toHaveLength(8);
});
