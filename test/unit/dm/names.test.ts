import { describe, expect, test } from 'vitest';
import { isOwnUuid, parseDeviceName, parseDeviceUuid } from '../../../src/dm/names.js';
import { refusal } from '../support/refusal.js';

const MANGLED = 'when all but letters, digits and #+-.:=@_ are written as \\xHH';
const MIXED =
  'in a name with \\xHH, which stands for one byte, all but letters, digits and #+-.:=@_ must be written so';

describe('a device name', () => {
  test.each([
    'a',
    'with a blank',
    'Gerät-デバイス',
    '...',
    'Control',
    '-starts-with-a-dash',
    'a"quote',
    'a\\backslash',
    'x'.repeat(127),
    `${'ü'.repeat(15)}1234567`,
  ])('may be %j', (name) => {
    expect(parseDeviceName(name)).toBe(name);
  });

  test.each([
    ['a\\x20b\\xc3\\xbc', 'a bü'],
    // As systemd-escape writes "dev/disk/by-label/a b".
    ['dev-disk-by\\x2dlabel-a\\x20b', 'dev-disk-by-label-a b'],
  ])('may be given as dmsetup and systemd write it: %j', (word, name) => {
    expect(parseDeviceName(word)).toBe(name);
  });

  test.each([
    ['', 'device name "": it is empty'],
    ['.', 'device name ".": that name is taken in /dev/mapper'],
    ['..', 'device name "..": that name is taken in /dev/mapper'],
    ['control', 'device name "control": that name is taken in /dev/mapper'],
    ['a/b', 'device name "a/b": "/" is not allowed in it'],
    ['a\0b', 'device name "a\\u0000b": control characters are not allowed in it'],
    ['a\nb', 'device name "a\\nb": control characters are not allowed in it'],
    ['a\x7fb', 'device name "a\x7fb": control characters are not allowed in it'],
    ['x'.repeat(128), `device name "${'x'.repeat(128)}": 128 bytes, and at most 127 are allowed`],
    ['ü'.repeat(16), `device name "${'ü'.repeat(16)}": 128 bytes ${MANGLED}, and at most 127 are allowed`],
    ['a\\x2fb', 'device name "a\\\\x2fb": "/" is not allowed in it'],
    ['a\\x20b c', `device name "a\\\\x20b c": ${MIXED}`],
  ])('may not be %j', (name, message) => {
    expect(refusal(() => parseDeviceName(name))).toMatchObject({ kind: 'usage', message });
  });
});

test.each([
  ['DMFD-6a865b81-10e6-4c83-8a41-44eab8ad6852', true],
  ['DMFD-6a865b81-10e6-1c83-8a41-44eab8ad6852', false],
  ['DMFD-6a865b81-10e6-4c83-ca41-44eab8ad6852', false],
  ['DMFD-6a865b81-10e6-4c83-8a41-44eab8ad6852-2', false],
  ['DMFD-backup', false],
  ['LVM-6a865b81-10e6-4c83-8a41-44eab8ad6852', false],
  ['', false],
])('%j is a UUID that dmfd chose: %j', (uuid, own) => {
  expect(isOwnUuid(uuid)).toBe(own);
});

describe('a device UUID', () => {
  test.each(['DMFD-1', 'control', '..', 'x'.repeat(128)])('may be %j', (uuid) => {
    expect(parseDeviceUuid(uuid)).toBe(uuid);
  });

  test.each([
    ['', 'device UUID "": it is empty'],
    ['a/b', 'device UUID "a/b": "/" is not allowed in it'],
    ['a\tb', 'device UUID "a\\tb": control characters are not allowed in it'],
    ['x'.repeat(129), `device UUID "${'x'.repeat(129)}": 129 bytes, and at most 128 are allowed`],
  ])('may not be %j', (uuid, message) => {
    expect(refusal(() => parseDeviceUuid(uuid))).toMatchObject({ kind: 'usage', message });
  });
});
