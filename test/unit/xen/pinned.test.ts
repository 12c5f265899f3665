import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { DmfdError } from '../../../src/errors.js';
import type { DiskParams } from '../../../src/xen/params.js';
import { type AsWritten, type PinnedParams, withPinned } from '../../../src/xen/pinned.js';
import { refusal } from '../support/refusal.js';
import { scratchFolder } from '../support/scratch.js';

const folder = scratchFolder();

/** With no table. */
function pinning<T>(params: DiskParams, use: (pinned: PinnedParams, asWritten: AsWritten) => T): T {
  return withPinned(params, () => expect.unreachable(), use);
}

beforeAll(() => {
  for (const name of ['one', 'two', 'three']) writeFileSync(join(folder, name), name);
  mkdirSync(join(folder, 'folder'));
});

test('a path leads to what it led to at first, wherever the line’s own leads then', () => {
  const [link, other] = [join(folder, 'link'), join(folder, 'other')];
  symlinkSync(join(folder, 'one'), link);
  symlinkSync(join(folder, 'two'), other);
  pinning({ form: 'path', path: link }, (pinned) => {
    renameSync(other, link);
    expect(readFileSync(link, 'utf8')).toBe('two');
    expect(pinned).toEqual({ form: 'path', path: expect.stringMatching(/^\/proc\/self\/fd\/\d+$/) });
    expect(readFileSync(pinned.form === 'path' ? pinned.path : '', 'utf8')).toBe('one');
  });
});

/** A path of a file that is there. */
const F = (name: string) => join(folder, name);

test.each<[params: () => DiskParams, read: string[]]>([
  [() => ({ form: 'path', path: F('one') }), ['one']],
  [() => ({ form: 'crypt', path: F('one') }), ['one']],
  [() => ({ form: 'overlay', base: F('one'), cow: undefined }), ['one']],
  [() => ({ form: 'overlay', base: F('one'), cow: F('two') }), ['one', 'two']],
  [() => ({ form: 'crypt-overlay', base: F('one'), cow: F('two') }), ['one', 'two']],
  [() => ({ form: 'snapshot', base: F('one'), cow: F('two'), top: undefined }), ['one', 'two']],
  [() => ({ form: 'snapshot', base: F('one'), cow: F('two'), top: F('three') }), ['one', 'two', 'three']],
])('every file of a line is pinned, and none is left open', (params, read) => {
  const line = params();
  const paths = pinning(line, (pinned, asWritten) => {
    const { form, ...files } = pinned;
    const pins = Object.values(files).filter((path) => path !== undefined);
    expect(form).toBe(line.form);
    expect(pins.map((path) => readFileSync(path, 'utf8'))).toEqual(read);
    expect(pins.map(asWritten)).toEqual(read.map(F));
    return pins;
  });
  for (const path of paths) expect(() => readFileSync(path)).toThrow();
});

test('of a table there are its layers', () => {
  const line: DiskParams = { form: 'table', file: '/t' };
  const text = '0 8 linear /dev/null 0\nthen\n0 8 linear {below} 0';
  expect(
    withPinned(
      line,
      (file) => ({ label: file, text }),
      (pinned) => pinned,
    ),
  ).toEqual({
    form: 'table',
    layers: [
      { table: [{ label: '/t', text: '0 8 linear /dev/null 0' }] },
      { table: [{ label: '/t', text: '\n\n0 8 linear {below} 0' }] },
    ],
  });
});

test('errors have the paths of the line, and those of other descriptors as they are', () => {
  const other = openSync(F('two'), 'r');
  try {
    const error = refusal(() =>
      pinning({ form: 'overlay', base: F('one'), cow: undefined }, (pinned) => {
        const path = pinned.form === 'overlay' ? pinned.base : '';
        throw new DmfdError(
          'loop-file-unusable',
          `overlay ${JSON.stringify(path)}: see /proc/self/fd/${other}`,
          {
            operation: `open ${path}`,
            hint: `truncate ${path}; see ${path}0`,
            errno: 'EIO',
          },
        );
      }),
    );
    expect(error).toMatchObject({
      code: 'loop-file-unusable',
      message: `overlay "${F('one')}": see /proc/self/fd/${other}`,
      operation: `open ${F('one')}`,
      hint: expect.stringMatching(`^truncate ${F('one')}; see /proc/self/fd/\\d+0$`),
      errno: 'EIO',
    });
  } finally {
    closeSync(other);
  }
});

test.each([
  ['nowhere', /^cow ".*\/nowhere": cannot find it: ENOENT/],
  ['folder', /^cow ".*\/folder": it is a directory, not a file or a block device$/],
])('%s is refused, and what was pinned before it is let go', (name, message) => {
  const before = openSync('/dev/null', 'r');
  closeSync(before);
  const error = refusal(() =>
    pinning({ form: 'overlay', base: F('one'), cow: F(name) }, () => expect.unreachable()),
  );
  expect(error).toMatchObject({ code: 'backing-unusable', message: expect.stringMatching(message) });
  const after = openSync('/dev/null', 'r');
  closeSync(after);
  expect(after).toBe(before);
});
