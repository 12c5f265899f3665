import { spawnSync } from 'node:child_process';
import { chmodSync, closeSync, fstatSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type OpenBacking, openBacking } from '../../../src/backing/open.js';
import type { Backing } from '../../../src/backing/request.js';
import { Kernel } from '../../../src/kernel/kernel.js';
import { asNobody } from '../support/as-nobody.js';
import { refusal } from '../support/refusal.js';
import { scratchFolder } from '../support/scratch.js';

const directory = scratchFolder();
let server: Server;

beforeAll(async () => {
  writeFileSync(file('whole'), Buffer.alloc(1024));
  writeFileSync(file('eight'), Buffer.alloc(8192));
  writeFileSync(file('odd'), Buffer.alloc(1025));
  writeFileSync(file('short'), Buffer.alloc(511));
  writeFileSync(file('empty'), '');
  mkdirSync(file('directory'));
  symlinkSync('nowhere', file('dangling'));
  symlinkSync('circle', file('circle'));
  symlinkSync('whole', file('link'));
  expect(spawnSync('mkfifo', [file('fifo')]).status).toBe(0);
  server = createServer().listen(file('socket'));
  await new Promise((resolve) => server.once('listening', resolve));
});

afterAll(() => new Promise((resolve) => server.close(resolve)));

const file = (name: string) => join(directory, name);
/** As a loop device opens it. */
const open = (name: string, changes: Partial<Backing> = {}): OpenBacking =>
  openBacking(
    new Kernel(),
    { path: file(name), ...changes },
    {
      subject: `loop file ${JSON.stringify(file(name))}`,
      code: 'loop-file-unusable',
      readOnly: false,
      alwaysLoop: true,
    },
  );
const openDescriptors = () => readdirSync('/proc/self/fd').length;

describe('a file to attach', () => {
  test.each(['whole', 'link'])('may be a %s file', (name) => {
    const { fd, warning } = open(name);
    expect(warning).toBeUndefined();
    expect(fstatSync(fd).size).toBe(1024);
    closeSync(fd);
  });

  test('of an odd size is taken with a warning', () => {
    const { fd, warning } = open('odd', { readOnly: true });
    closeSync(fd);
    expect(warning).toBe(
      `loop file ${JSON.stringify(file('odd'))}: its 1025 bytes are no multiple of 512; the last 1 are left out`,
    );
  });

  test.each([
    ['missing', 'cannot find it: ENOENT, no such file or directory', /truncate -s/],
    ['dangling', 'cannot find it: ENOENT, no such file or directory', /truncate -s/],
    ['circle', 'cannot find it: ELOOP, too many symbolic links encountered', undefined],
    ['whole/below', 'cannot find it: ENOTDIR, not a directory', undefined],
    ['directory', 'it is a directory, not a file or a block device', undefined],
    ['fifo', 'it is a FIFO, not a file or a block device', undefined],
    ['socket', 'it is a socket, not a file or a block device', undefined],
    ['../../../../dev/null', 'it is a character device, not a file or a block device', undefined],
    ['empty', 'it is empty', /truncate -s 64M /],
    ['short', '511 bytes, less than one sector of 512', undefined],
  ])('may not be %s', (name, why, hint) => {
    const before = openDescriptors();
    const error = refusal(() => open(name));
    expect(error).toMatchObject({
      kind: 'usage',
      message: `loop file ${JSON.stringify(file(name))}: ${why}`,
    });
    if (hint === undefined) expect(error.hint).toBeUndefined();
    else expect(error.hint).toMatch(hint);
    expect(openDescriptors()).toBe(before);
  });
});

describe('a part of a file', () => {
  const K = 1024n;
  test.each<[part: Partial<Backing>, start: bigint, bytes: bigint, warning?: RegExp]>([
    [{}, 0n, 8n * K],
    [{ offset: 512n }, 512n, 8n * K - 512n],
    [
      { offset: 37n },
      37n,
      8n * K - 512n,
      /its 8155 bytes are no multiple of 512; the last 475 are left out$/,
    ],
    [{ offset: 37n, size: 512n }, 37n, 512n],
    [
      { offset: 37n, sectorSize: 4096 },
      37n,
      4n * K,
      /its 8155 bytes are no multiple of 4096; the last 4059 are left out$/,
    ],
    [{ size: 8n * K }, 0n, 8n * K],
    [{ offset: 8n * K - 512n, size: 512n }, 8n * K - 512n, 512n],
  ])('%o begins and ends where it should', (part, start, bytes, warning) => {
    const opened = open('eight', part);
    closeSync(opened.fd);
    expect(opened).toMatchObject({ start, bytes, blockSize: 512, device: undefined });
    if (warning === undefined) expect(opened.warning).toBeUndefined();
    else expect(opened.warning).toMatch(warning);
  });

  test.each<[part: Partial<Backing>, why: RegExp]>([
    [{ offset: 8n * K }, /: the offset is 8192 bytes, and there are only 8192$/],
    [{ offset: 8n * K - 1n }, /: 1 bytes, less than one sector of 512$/],
    [{ offset: 5n * K, sectorSize: 4096 }, /: 3072 bytes, less than one sector of 4096$/],
    [{ size: 9n * K }, /: the size is 9216 bytes, and there are only 8192$/],
    [{ offset: 1n, size: 8n * K }, /: the size is 8192 bytes, and there are only 8191 from the offset on$/],
    [{ partition: 1 }, /: no partition table is found in it$/],
  ])('%o is not there', (part, why) => {
    const before = openDescriptors();
    expect(refusal(() => open('eight', part))).toMatchObject({
      kind: 'usage',
      message: expect.stringMatching(why),
    });
    expect(openDescriptors()).toBe(before);
  });

  test('two names of one file are the same', () => {
    const [one, two, other] = [open('whole'), open('link'), open('eight')];
    for (const { fd } of [one, two, other]) closeSync(fd);
    expect(one.identity).toBe(two.identity);
    expect(one.identity).not.toBe(other.identity);
  });
});

// Root may write to anything, so it must be somebody else.
test('a file that may only be read is refused for writing, and taken with readOnly', () => {
  chmodSync(directory, 0o755);
  chmodSync(file('whole'), 0o444);
  const opened = (readOnly: boolean) => asNobody(() => open('whole', { readOnly }));
  expect(refusal(() => opened(false))).toMatchObject({
    kind: 'usage',
    message: `loop file ${JSON.stringify(file('whole'))}: cannot write it: EACCES, permission denied`,
    errno: 'EACCES',
    code: 'loop-file-not-writable',
    hint: 'use `readOnly` for a device that is only read',
  });
  const { fd } = opened(true);
  closeSync(fd);
});
