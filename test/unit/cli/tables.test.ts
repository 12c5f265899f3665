import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readTables } from '../../../src/cli/tables.js';
import { refusal } from '../support/refusal.js';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'dmfd-tables-'));
  writeFileSync(file('one'), '0 8 zero\n');
  writeFileSync(file('two'), '8 8 zero ü\n');
  writeFileSync(file('marked'), '\ufeff0 8 zero\n');
  writeFileSync(file('latin1'), Buffer.from('0 8 zero\n# \xff\n', 'latin1'));
});
afterAll(() => rmSync(directory, { recursive: true }));

const file = (name: string) => join(directory, name);

describe('the tables of a command line', () => {
  test('are its lines, then its files, each with its label', () => {
    expect(readTables(['a', 'b'], [file('one'), file('two')])).toEqual([
      { label: '--table number 1', text: 'a' },
      { label: '--table number 2', text: 'b' },
      { label: file('one'), text: '0 8 zero\n' },
      { label: file('two'), text: '8 8 zero ü\n' },
    ]);
  });

  test('need no number when there is only one', () => {
    expect(readTables(['a'], [])).toEqual([{ label: '--table', text: 'a' }]);
  });

  test('lose the byte order mark that some editors write', () => {
    expect(readTables([], [file('marked')])).toEqual([{ label: file('marked'), text: '0 8 zero\n' }]);
  });

  test.each<[what: string, files: () => string[], message: RegExp]>([
    ['none', () => [], /^no table was given$/],
    ['a missing file', () => [file('no')], /^table file .*no: cannot read it: ENOENT, no such file/],
    ['a directory', () => [directory], /^table file .*: it is a directory$/],
    [
      'other bytes than UTF-8',
      () => [file('latin1')],
      /^table file .*latin1, line 2: it is not valid UTF-8$/,
    ],
  ])('are refused: %s', (_what, files, message) => {
    expect(refusal(() => readTables([], files()))).toMatchObject({
      kind: 'usage',
      message: expect.stringMatching(message),
    });
  });
});
