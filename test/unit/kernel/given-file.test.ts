import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeErrno } from '../../../src/kernel/errno.js';
import { cannot, type GivenFile, openGivenFile } from '../../../src/kernel/given-file.js';
import { asNobody } from '../support/as-nobody.js';
import { refusal } from '../support/refusal.js';
import { scratchFolder } from '../support/scratch.js';

const directory = scratchFolder();
let server: Server;

beforeAll(async () => {
  writeFileSync(join(directory, 'file'), 'content');
  mkdirSync(join(directory, 'directory'));
  symlinkSync('file', join(directory, 'link'));
  expect(spawnSync('mkfifo', [join(directory, 'fifo')]).status).toBe(0);
  server = createServer().listen(join(directory, 'socket'));
  await new Promise((resolve) => server.once('listening', resolve));
});

afterAll(() => new Promise((resolve) => server.close(resolve)));

function given(name: string, changes: Partial<GivenFile> = {}): GivenFile {
  return {
    subject: 'the file',
    path: join(directory, name),
    flags: constants.O_RDONLY | constants.O_NONBLOCK,
    use: 'read',
    code: 'key-unusable',
    ...changes,
  };
}

const openDescriptors = () => readdirSync('/proc/self/fd').length;

describe('a file that the user named', () => {
  test.each(['file', 'link'])('is opened: a %s', (name) => {
    const fd = openGivenFile(given(name, { kinds: ['a file'] }));
    expect(fstatSync(fd).isFile()).toBe(true);
    closeSync(fd);
  });

  test.each(['file', 'fifo', '../../../../dev/null'])('may be anything if nothing is said: %s', (name) => {
    closeSync(openGivenFile(given(name)));
  });

  test.each<[name: string, kinds: GivenFile['kinds'], message: string]>([
    ['directory', undefined, 'the file: it is a directory'],
    ['directory', ['a file'], 'the file: it is a directory, not a file'],
    ['fifo', ['a block device', 'a file'], 'the file: it is a FIFO, not a block device or a file'],
    ['socket', ['a file', 'a block device'], 'the file: it is a socket, not a file or a block device'],
    ['file', ['a block device'], 'the file: it is a file, not a block device'],
    ['../../../../dev/null', ['a file'], 'the file: it is a character device, not a file'],
  ])('is of the wrong kind: %s for %j', (name, kinds, message) => {
    const before = openDescriptors();
    const file = given(name, kinds === undefined ? {} : { kinds });
    expect(refusal(() => openGivenFile(file))).toMatchObject({
      code: 'key-unusable',
      message,
      errno: undefined,
    });
    expect(openDescriptors()).toBe(before);
  });

  test('is not waited for: a FIFO that nobody writes to is refused without opening it', () => {
    const file = given('fifo', { kinds: ['a file'], flags: constants.O_RDONLY });
    expect(refusal(() => openGivenFile(file)).message).toMatch(/it is a FIFO/);
  });

  test.each([
    ['missing', 'cannot find it: ENOENT, no such file or directory'],
    ['file/below', 'cannot find it: ENOTDIR, not a directory'],
  ])('cannot be found: %s', (name, why) => {
    const error = refusal(() => openGivenFile(given(name, { kinds: ['a file'] })));
    const errno = /: (\w+),/.exec(why)?.[1];
    expect(error).toMatchObject({
      code: 'key-unusable',
      message: `the file: ${why}`,
      operation: `open ${join(directory, name)}`,
      errno,
      hint: undefined,
      cause: { code: errno },
    });
  });

  // Root may write to anything, so it must be somebody else.
  test('cannot be opened for its use', () => {
    chmodSync(directory, 0o755);
    chmodSync(join(directory, 'file'), 0o444);
    const file = given('file', { flags: constants.O_RDWR, use: 'write' });
    expect(asNobody(() => refusal(() => openGivenFile(file)))).toMatchObject({
      code: 'key-unusable',
      message: 'the file: cannot write it: EACCES, permission denied',
      errno: 'EACCES',
    });
  });

  test('is explained by who asked for it', () => {
    const asked: unknown[] = [];
    const explain: GivenFile['explain'] = ({ name }, action) => {
      asked.push([name, action]);
      return { code: 'not-permitted', hint: 'look elsewhere' };
    };
    expect(refusal(() => openGivenFile(given('missing', { explain, kinds: ['a file'] })))).toMatchObject({
      code: 'not-permitted',
      message: 'the file: cannot find it: ENOENT, no such file or directory',
      hint: 'look elsewhere',
    });
    expect(asked).toEqual([['ENOENT', 'find']]);
  });
});

test.each(['find', 'read', 'write'] as const)(
  'an errno that another call answered is told alike: %s',
  (action) => {
    const file = given('file', { explain: () => ({ hint: 'why' }) });
    expect(cannot(file, action, describeErrno(30))).toMatchObject({
      code: 'key-unusable',
      message: `the file: cannot ${action} it: EROFS, read-only file system`,
      operation: `open ${join(directory, 'file')}`,
      errno: 'EROFS',
      hint: 'why',
    });
  },
);
