import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openBackingFile } from '../../../src/loop/backing.js';
import { asNobody } from '../support/as-nobody.js';
import { refusal } from '../support/refusal.js';

let directory: string;
let server: Server;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'dmfd-backing-'));
  writeFileSync(file('whole'), Buffer.alloc(1024));
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

afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(directory, { recursive: true });
});

const file = (name: string) => join(directory, name);
const openDescriptors = () => readdirSync('/proc/self/fd').length;

describe('a file to attach', () => {
  test.each(['whole', 'link'])('may be a %s file', (name) => {
    const { fd, warning } = openBackingFile(file(name), false);
    expect(warning).toBeUndefined();
    expect(fstatSync(fd).size).toBe(1024);
    closeSync(fd);
  });

  test('of an odd size is taken with a warning', () => {
    const { fd, warning } = openBackingFile(file('odd'), true);
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
    const error = refusal(() => openBackingFile(file(name), false));
    expect(error).toMatchObject({
      kind: 'usage',
      message: `loop file ${JSON.stringify(file(name))}: ${why}`,
    });
    if (hint === undefined) expect(error.hint).toBeUndefined();
    else expect(error.hint).toMatch(hint);
    expect(openDescriptors()).toBe(before);
  });
});

// Root may write to anything, so it must be somebody else.
test('a file that may only be read is refused for writing, and taken with readOnly', () => {
  chmodSync(directory, 0o755);
  chmodSync(file('whole'), 0o444);
  const opened = (readOnly: boolean) => asNobody(() => openBackingFile(file('whole'), readOnly));
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
