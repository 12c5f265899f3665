import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { readTables } from '../../../src/cli/tables.js';
import { startNode } from '../support/in-child.js';
import { refusal } from '../support/refusal.js';
import { scratchFolder } from '../support/scratch.js';

const directory = scratchFolder();
beforeAll(() => {
  writeFileSync(file('one'), '0 8 zero\n');
  writeFileSync(file('two'), '8 8 zero ü\n');
  writeFileSync(file('marked'), '\ufeff0 8 zero\n');
  writeFileSync(file('latin1'), Buffer.from('0 8 zero\n# \xff\n', 'latin1'));
});

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

  test('are waited for where standard input is non-blocking', async () => {
    // Node sets O_NONBLOCK on a pipe when it makes its stream.
    const body = `
      void process.stdin;
      fs.writeSync(1, 'reading');
      const before = process.cpuUsage();
      const [table] = readTables([], ['-']);
      const { user, system } = process.cpuUsage(before);
      fs.writeSync(1, JSON.stringify({ table, isIdle: user + system < 300_000 }));
      process.exit();`;
    const child = startNode({ readTables: 'cli/tables.js' }, body);
    await child.wrote('reading');
    const rows = Array.from({ length: 10_000 }, (_, row) => `${8 * row} 8 zero\n`);
    const [first, ...others] = rows;
    child.process.stdin.write(first);
    await sleep(1000);
    child.process.stdin.end(others.join(''));
    const { code, stdout, stderr } = await child.result;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout.replace('reading', ''))).toEqual({
      table: { label: 'standard input', text: rows.join('') },
      isIdle: true,
    });
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
