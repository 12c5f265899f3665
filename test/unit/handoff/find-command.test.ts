import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { toBuffer } from '../../../src/handoff/bytes.js';
import { executionFailed, findCommand } from '../../../src/handoff/find-command.js';
import { describeErrno } from '../../../src/kernel/errno.js';
import { refusal } from '../support/refusal.js';
import { scratchFolder } from '../support/scratch.js';

const top = scratchFolder();

beforeAll(() => {
  for (const directory of ['first', 'second', 'first/directory']) mkdirSync(join(top, directory));
  executable('second/tool');
  executable('second/both');
  executable('first/both');
  executable('second/denied-first');
  executable('first/\xff');
  executable('second/directory');
  plain('first/denied-first');
  plain('first/denied');
  plain('second/denied');
  symlinkSync('nowhere', join(top, 'first/dangling'));
});

function plain(name: string): void {
  writeFileSync(toBuffer(`${top}/${name}`), '#!/bin/sh\n');
  chmodSync(toBuffer(`${top}/${name}`), 0o644);
}

function executable(name: string): void {
  plain(name);
  chmodSync(toBuffer(`${top}/${name}`), 0o755);
}

const path = () => [`PATH=/nonexistent:${top}/first:${top}/second`];

describe('along PATH', () => {
  test.each([
    ['tool', 'second/tool'],
    ['both', 'first/both'],
    ['denied-first', 'second/denied-first'],
    ['directory', 'second/directory'],
    ['\xff', 'first/\xff'],
  ])('%j is %s', (word, found) => {
    expect(findCommand(word, path())).toBe(`${top}/${found}`);
  });

  test.each([
    ['nothing-like-it', 'command-not-found', 'command "nothing-like-it": not found'],
    ['dangling', 'command-not-found', 'command "dangling": not found'],
    ['', 'command-not-found', 'command "": not found'],
  ])('%j is not found', (word, kind, message) => {
    expect(refusal(() => findCommand(word, path()))).toMatchObject({ kind, message, errno: 'ENOENT' });
  });

  test('the first file that may not be executed is named', () => {
    expect(refusal(() => findCommand('denied', path()))).toMatchObject({
      kind: 'command-not-executable',
      message: `command ${JSON.stringify(`${top}/first/denied`)}: not executable (EACCES)`,
    });
  });

  test('an empty entry is the current directory', () => {
    const before = process.cwd();
    process.chdir(join(top, 'second'));
    try {
      expect(findCommand('tool', ['PATH=/nonexistent:'])).toBe('./tool');
    } finally {
      process.chdir(before);
    }
  });

  test('without PATH, the usual directories are searched', () => {
    expect(findCommand('sh', ['HOME=/'])).toMatch(/\/bin\/sh$/);
  });
});

describe('with a slash', () => {
  test('the word is the file', () => {
    expect(findCommand(`${top}/second/tool`, [])).toBe(`${top}/second/tool`);
  });

  test.each([
    ['second/missing', 'command-not-found', 'not found'],
    ['second/tool/below', 'command-not-found', 'not found'],
    ['first/dangling', 'command-not-found', 'not found'],
    ['first/denied', 'command-not-executable', 'not executable (EACCES)'],
    ['first/directory', 'command-not-executable', 'not executable (EACCES)'],
  ])('%s is refused', (name, kind, what) => {
    expect(refusal(() => findCommand(`${top}/${name}`, []))).toMatchObject({
      kind,
      message: `command ${JSON.stringify(`${top}/${name}`)}: ${what}`,
    });
  });
});

test.each([
  ['ENOEXEC', 'command-not-executable', /a script needs a first line such as #!\/bin\/sh/],
  ['ENOENT', 'command-not-found', /the interpreter it names/],
  ['E2BIG', 'command-not-executable', /too long/],
  ['EACCES', 'command-not-executable', undefined],
] as const)('what execve() said is told: %s', (name, kind, hint) => {
  const error = executionFailed('/x', describeErrno(constants.errno[name]));
  expect(error).toMatchObject({
    kind,
    errno: name,
    message: expect.stringContaining(`command "/x": ${name}, `),
  });
  if (hint === undefined) expect(error.hint).toBeUndefined();
  else expect(error.hint).toMatch(hint);
});
