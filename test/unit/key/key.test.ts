import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { parseTable } from '../../../src/dm/table.js';
import {
  checkKey,
  checkKeyBits,
  type KeySource,
  maxKeyBytes,
  openKey,
  tryKey,
} from '../../../src/key/key.js';
import { refusal } from '../support/refusal.js';
import { scratchFolder } from '../support/scratch.js';

const parse = (text: string) => parseTable([{ label: 'T', text }]);
const crypt = parse('0 8 crypt aes-xts-plain64 {key} 0 7:0 0');
const zero = parse('0 8 zero');

const directory = scratchFolder();
beforeAll(() => {
  write('good', 64);
  write('longest', 4096);
  write('too-long', 4097);
  write('empty', 0);
  write('open-to-all', 32, 0o644);
  write('for-the-group', 32, 0o640);
  mkdirSync(file('directory'));
  symlinkSync('good', file('link'));
  symlinkSync('nowhere', file('dangling'));
});

const file = (name: string) => join(directory, name);

function write(name: string, bytes: number, mode = 0o600): void {
  writeFileSync(file(name), Buffer.alloc(bytes, 'k'));
  chmodSync(file(name), mode);
}

const openDescriptors = () => readdirSync('/proc/self/fd').length;

describe('a key and the table', () => {
  test('go together, or are both absent', () => {
    checkKey(undefined, zero);
    checkKey({ random: 512 }, crypt);
    checkKey({ file: '/nonexistent, which only opening it tells' }, crypt);
    checkKey({ fd: 0 }, crypt);
    checkKey({ random: 256 }, parse('0 8 zero\n8 8 crypt aes-xts-plain64 x{key} 0 7:0 0'));
  });

  test('are refused without each other', () => {
    expect(refusal(() => checkKey(undefined, crypt))).toMatchObject({
      kind: 'usage',
      code: 'key-missing',
      message: 'the table says {key}, but no key was given',
      hint: 'give one as `key`: { random: BITS }, { file: PATH } or { fd: NUMBER }',
    });
    expect(refusal(() => checkKey({ random: 512 }, zero))).toMatchObject({
      kind: 'usage',
      code: 'key-unused',
      message: 'a key was given, but the table does not say {key}',
      hint: 'write {key} where the target wants its key: 0 131072 crypt aes-xts-plain64 {key} 0 8:1 0',
    });
  });

  test.each<[key: KeySource, code: string, message: string]>([
    [{ random: 0 }, 'invalid-request', 'random key: 0 bits; it must be a multiple of 8 from 8 to 32768'],
    [{ random: 12 }, 'invalid-request', 'random key: 12 bits; it must be a multiple of 8 from 8 to 32768'],
    [{ file: '' }, 'invalid-request', 'key file "": no path'],
    [{ file: 'a\0b' }, 'invalid-request', 'key file "a\\u0000b": no path'],
    [{ fd: -1 }, 'key-not-open', 'key descriptor -1: it is not open'],
    [{ fd: 0.5 }, 'key-not-open', 'key descriptor 0.5: it is not open'],
    [{ fd: 2 ** 20 }, 'key-not-open', 'key descriptor 1048576: it is not open'],
    [{ fd: 2 ** 31 }, 'key-not-open', 'key descriptor 2147483648: it is not open'],
  ])('are refused with the key %j', (key, code, message) => {
    expect(refusal(() => checkKey(key, crypt))).toMatchObject({ kind: 'usage', code, message });
  });
});

describe('a size in bits', () => {
  test.each([8, 256, 512, 32_768])('may be %i', (bits) => {
    expect(() => checkKeyBits(bits, 'key size')).not.toThrow();
  });

  test.each([0, -8, 7, 12, 8.5, 32_776, 2 ** 60, Number.NaN, Number.POSITIVE_INFINITY])(
    'may not be %d',
    (bits) => {
      expect(refusal(() => checkKeyBits(bits, 'key size'))).toMatchObject({
        kind: 'usage',
        code: 'invalid-request',
        message: `key size: ${bits} bits; it must be a multiple of 8 from 8 to 32768`,
        hint: 'aes-xts-plain64 takes 256 or 512 bits',
      });
    },
  );

  test('is limited by what the shim has room for', () => {
    expect(maxKeyBytes()).toBe(4096);
  });
});

describe('a key that is opened', () => {
  test('at random is a number of bytes', () => {
    const key = openKey({ random: 512 });
    expect(key).toMatchObject({ source: { randomBytes: 64 }, warnings: [] });
    key.close();
  });

  test.each([
    ['good', 64],
    ['link', 64],
    ['longest', 4096],
    ['for-the-group', 32],
  ])('from a file is its descriptor, until it is closed: %s', (name, bytes) => {
    const before = openDescriptors();
    const key = openKey({ file: file(name) });
    expect(key.warnings).toEqual([]);
    const fd = 'fd' in key.source ? key.source.fd : -1;
    expect(fstatSync(fd).size).toBe(bytes);
    key.close();
    expect(() => fstatSync(fd)).toThrow(/EBADF/);
    expect(openDescriptors()).toBe(before);
  });

  test('from a FIFO is not waited for here, and a try leaves that alone', () => {
    const fifo = file('fifo');
    expect(spawnSync('mkfifo', [fifo]).status).toBe(0);
    const key = openKey({ file: fifo });
    const fd = 'fd' in key.source ? key.source.fd : -1;
    expect(fstatSync(fd).isFIFO()).toBe(true);
    // Now that there is a reader, a writer could be opened without waiting; but for a try, there is none.
    closeSync(openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK));
    key.close();
    tryKey({ file: fifo });
    expect(() => openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK)).toThrow(/ENXIO/);
  });

  test('a try finds what opening it would', () => {
    expect(refusal(() => tryKey({ file: file('nowhere') })).code).toBe('key-unusable');
    expect(() => tryKey({ file: file('good') })).not.toThrow();
  });

  test('from a descriptor is that one, which stays open', () => {
    const fd = openSync(file('good'), 'r');
    const key = openKey({ fd });
    expect(key).toMatchObject({ source: { fd }, warnings: [] });
    key.close();
    expect(fstatSync(fd).size).toBe(64);
    closeSync(fd);
  });

  test.each<[left: number, why: string | undefined]>([
    [4096, undefined],
    [1, undefined],
    [0, 'nothing is left to read'],
    [-1, 'nothing is left to read'],
    [4097, '4097 bytes, and a key has at most 4096'],
  ])('from a descriptor is what it has not read yet: %i bytes', (left, why) => {
    write('behind-others', 10_000);
    const fd = openSync(file('behind-others'), 'r');
    readSync(fd, Buffer.alloc(10_000 - Math.max(left, 0)));
    if (left < 0) truncateSync(file('behind-others'), 10_000 + left);
    try {
      const open = () => openKey({ fd }).source;
      if (why === undefined) expect(open()).toEqual({ fd });
      else expect(refusal(open)).toMatchObject({ kind: 'usage', message: `key descriptor ${fd}: ${why}` });
    } finally {
      closeSync(fd);
    }
  });

  test('from what has no size is not read, nor refused', () => {
    const key = openKey({ file: '/dev/zero' });
    expect(key.warnings).toEqual([]);
    key.close();
  });

  test('that every user can read is taken with a warning', () => {
    const key = openKey({ file: file('open-to-all') });
    key.close();
    expect(key.warnings).toEqual([
      `key file ${JSON.stringify(file('open-to-all'))}: every user can read it (mode 0644)`,
    ]);
  });

  test.each<[name: string, code: string, why: string, hint: string | undefined]>([
    ['missing', 'key-unusable', 'cannot read it: ENOENT, no such file or directory', undefined],
    ['dangling', 'key-unusable', 'cannot read it: ENOENT, no such file or directory', undefined],
    ['good/below', 'key-unusable', 'cannot read it: ENOTDIR, not a directory', undefined],
    ['directory', 'key-unusable', 'it is a directory', undefined],
    ['empty', 'key-unusable', 'it is empty', undefined],
    [
      'too-long',
      'key-too-long',
      '4097 bytes, and a key has at most 4096',
      'all bytes of the file or descriptor are the key',
    ],
  ])('may not be the file %s', (name, code, why, hint) => {
    const before = openDescriptors();
    expect(refusal(() => openKey({ file: file(name) }))).toMatchObject({
      kind: 'usage',
      code,
      message: `key file ${JSON.stringify(file(name))}: ${why}`,
      hint,
    });
    expect(openDescriptors()).toBe(before);
  });

  test.each([
    ['directory', 'key-unusable', 'it is a directory'],
    ['empty', 'key-unusable', 'it is empty'],
    ['too-long', 'key-too-long', '4097 bytes, and a key has at most 4096'],
  ])('may not be a descriptor of the file %s', (name, code, why) => {
    const fd = openSync(file(name), 'r');
    const error = refusal(() => openKey({ fd }));
    // It is the caller's still.
    closeSync(fd);
    expect(error).toMatchObject({ kind: 'usage', code, message: `key descriptor ${fd}: ${why}` });
  });
});
