import { closeSync, openSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { callerDescriptorAt, canBeReadAgain } from '../../../src/handoff/caller-descriptor.js';
import { scratchFolder } from '../support/scratch.js';

const directory = scratchFolder();
let fd: number;
beforeAll(() => {
  writeFileSync(join(directory, 'file'), 'key');
  fd = openSync(join(directory, 'file'), 'r');
  symlinkSync(`/dev/fd/${fd}`, join(directory, 'far'));
  symlinkSync('far', join(directory, 'link'));
  symlinkSync('/proc/self/fd', join(directory, 'folder'));
  symlinkSync('file', join(directory, 'plain'));
  symlinkSync('circle', join(directory, 'circle'));
});
afterAll(() => closeSync(fd));

test.each<[string, () => string]>([
  ['/dev/fd', () => `/dev/fd/${fd}`],
  ['/proc/self', () => `/proc/self/fd/${fd}`],
  ['/proc/thread-self', () => `/proc/thread-self/fd/${fd}`],
  ['its pid', () => `/proc/${process.pid}/fd/${fd}`],
  ['a way round', () => `//dev/../proc/self/task/../fd/./${fd}`],
  ['a relative path', () => relative(process.cwd(), `/proc/self/fd/${fd}`)],
  ['a link to a link', () => join(directory, 'link')],
  ['a link to the folder', () => join(directory, 'folder', String(fd))],
])("the caller's descriptor is found by %s", (_how, path) => {
  expect(callerDescriptorAt(path(), [0, fd])).toBe(fd);
  expect(callerDescriptorAt(path(), [0, fd + 1])).toBeUndefined();
});

test('/dev/stdin is one', () => {
  expect(callerDescriptorAt('/dev/stdin', [0])).toBe(0);
});

test.each<[string, () => string]>([
  ['a file', () => join(directory, 'file')],
  ['a link to it', () => join(directory, 'plain')],
  ['nothing', () => join(directory, 'nowhere', 'file')],
  ['no path', () => ''],
  ['a circle', () => join(directory, 'circle')],
  ["another process's", () => `/proc/1/fd/${fd}`],
  ['the folder', () => '/dev/fd'],
  ['what begins like one', () => `/dev/fd/${fd}x`],
])('%s is none', (_what, path) => {
  expect(callerDescriptorAt(path(), [0, fd])).toBeUndefined();
});

test('only a file or a disk can be read again', () => {
  const zero = openSync('/dev/zero', 'r');
  expect([fd, zero, 1_000_000].map(canBeReadAgain)).toEqual([true, false, false]);
  closeSync(zero);
});
