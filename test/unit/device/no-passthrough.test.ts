import { closeSync, openSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { withoutPassthrough } from '../../../src/device/no-passthrough.js';
import { formatTable, parseTable } from '../../../src/dm/table.js';
import type { LoopPlan } from '../../../src/loop/plan.js';
import { scratchFolder } from '../support/scratch.js';

const directory = scratchFolder();

/** What becomes of a table over loop devices. */
function written(table: string, ...loops: LoopPlan[]): string {
  return formatTable(withoutPassthrough(parseTable([{ label: 'T', text: table }]), loops));
}

/** Over a file of so many bytes. */
function withFile(bytes: number, setup: { offset?: bigint; sizeLimit?: bigint }, table: string): string {
  const file = join(directory, 'disk.img');
  writeFileSync(file, '');
  truncateSync(file, bytes);
  const fd = openSync(file, 'r');
  try {
    return written(table, { fd, file, readOnly: false, ...setup });
  } finally {
    closeSync(fd);
  }
}

const MIB = 1 << 20;

test.each([
  ['all of a file', {}, '0 2048 linear {loop0} 0', '0 2040 linear {loop0} 0\n2040 8 linear {loop0} 2040'],
  [
    'with its blanks',
    {},
    '0\t2048 linear {loop0}  0 ',
    '0 2040 linear {loop0} 0\n2040 8 linear {loop0} 2040',
  ],
  [
    'all of a part',
    { offset: 512n },
    '0 2047 linear {loop0} 0',
    '0 2040 linear {loop0} 0\n2040 7 linear {loop0} 2040',
  ],
  [
    'up to a limit',
    { sizeLimit: 8192n },
    '0 16 linear {loop0} 0',
    '0 8 linear {loop0} 0\n8 8 linear {loop0} 8',
  ],
  [
    'a limit behind the end',
    { sizeLimit: 1n << 40n },
    '0 2048 linear {loop0} 0',
    '0 2040 linear {loop0} 0\n2040 8 linear {loop0} 2040',
  ],
])('linear over %s is two lines', (_what, setup, table, expected) => {
  expect(withFile(MIB, setup, table)).toBe(expected);
});

test.each([
  ['less than all of the file', '0 2047 linear {loop0} 0'],
  ['from elsewhere on', '0 2047 linear {loop0} 1'],
  ['of another target', '0 2048 flakey {loop0} 0 1 0'],
  ['over another device', '0 2048 linear 7:0 0'],
  ['of two lines', '0 8 linear {loop0} 0\n8 2040 linear {loop0} 8'],
])('a table %s is written as it is', (_what, table) => {
  expect(withFile(MIB, {}, table)).toBe(table);
});

test('one block cannot be parted', () => {
  expect(withFile(4096, {}, '0 8 linear {loop0} 0')).toBe('0 8 linear {loop0} 0');
});

test('a sparse file without a name is all of its loop device', () => {
  expect(written('0 16 linear {loop0} 0', { sparse: 8192n })).toBe(
    '0 8 linear {loop0} 0\n8 8 linear {loop0} 8',
  );
});
