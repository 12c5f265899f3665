import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Content, findContent, refuseContent } from '../../../src/content/find.js';
import { Kernel } from '../../../src/kernel/kernel.js';
import { refusal } from '../support/refusal.js';
import { scratchFolder } from '../support/scratch.js';
import { HEADERS, type Header } from './headers.js';

const SECTOR = 512;
const MIB = 2 ** 20;
/** The magic number, and the major version. */
const MD = Buffer.from('fc4e2ba901000000', 'hex');
const MD_090 = Buffer.from('fc4e2ba9000000005a000000', 'hex');

const directory = scratchFolder();

/** What is found in a sparse file that has these bytes, by an area from `start` on (bytes). */
function found(
  bytes: number,
  holds: readonly (readonly [at: number, bytes: Buffer])[],
  start = 0,
  end = bytes,
  blockSize = SECTOR,
): Content[] {
  const path = join(directory, 'backing');
  const fd = openSync(path, 'w+');
  try {
    ftruncateSync(fd, bytes);
    for (const [at, piece] of holds) writeSync(fd, piece, 0, piece.length, at);
    const backing = { fd, bytes: BigInt(bytes), blockSize, flush: () => {} };
    const area = { start: BigInt(start / SECTOR), sectors: BigInt(Math.floor((end - start) / SECTOR)) };
    return findContent(new Kernel(), path, backing, area);
  } finally {
    closeSync(fd);
  }
}

const names = (content: readonly Content[]): string[] => content.map(({ what }) => what);
const pieces = ({ holds }: Header, from = 0) =>
  holds.map(([at, hex]) => [from + at, Buffer.from(hex, 'hex')] as const);
const by = (tool: string): Header => {
  const header = HEADERS.find((candidate) => candidate.by === tool);
  if (header === undefined) throw new Error(tool);
  return header;
};

test.each(HEADERS.map((header) => [header.by, header] as const))('what %s made is found', (_, header) => {
  expect(names(found(header.bytes, pieces(header))).sort()).toEqual([...header.has].sort());
});

test.each<[what: string, bytes: number, at: number, piece: Buffer]>([
  ['a hibernation image', MIB, 4086, Buffer.from('S1SUSPEND\0')],
  ['a hibernation image', MIB, 65_526, Buffer.from('S1SUSPEND\0')],
  ['a member of a RAID array (md)', MIB, 0, MD],
  ['a member of a RAID array (md)', MIB, 4096, MD],
  ['a member of a RAID array (md)', MIB, MIB - 8192, MD],
  // Of a size that is no multiple of 4096.
  ['a member of a RAID array (md)', MIB + 512, MIB - 8192, MD],
  ['a member of a RAID array (md 0.90)', MIB, MIB - 65_536, MD_090],
  ['a member of a RAID array (md 0.90)', MIB + 65_024, MIB - 65_536, MD_090],
  ['an LVM physical volume', MIB, 512, Buffer.from(`LABELONE${'\0'.repeat(16)}LVM2 001`)],
])('%s is found in %i bytes at %i', (what, bytes, at, piece) => {
  expect(names(found(bytes, [[at, piece]]))).toEqual([what]);
});

test.each<[what: string, at: number, piece: Buffer]>([
  ['zeros', 0, Buffer.alloc(4)],
  ['swap', 4086, Buffer.from('SWAPSPACE2')],
  ['the magic number of ext4 alone', 1024 + 56, Buffer.from('53ef', 'hex')],
  ['that of XFS alone', 0, Buffer.from('XFSB')],
  ['that of md alone', 4096, Buffer.from('fc4e2ba9', 'hex')],
  ['the end of a boot sector alone', 510, Buffer.from('55aa', 'hex')],
])('%s is nothing to be lost', (_, at, piece) => {
  expect(found(MIB, [[at, piece]])).toEqual([]);
});

describe('a part of the backing', () => {
  test('is its own: a small file system before it stays, one that reaches into it does not', () => {
    // As for the label of a partition that is swap but for that: mkfs.ext2 DEVICE 1M.
    const ext2 = by('mkfs.ext2');
    expect(found(16 * MIB, pieces(ext2), ext2.bytes)).toEqual([]);
    expect(names(found(16 * MIB, pieces(ext2), ext2.bytes - 4096))).toEqual(ext2.has);
  });

  test('may be what no partition takes', () => {
    const mbr = by('sfdisk, MBR with a partition');
    // The partition has 8 MiB from 1 MiB on.
    expect(found(mbr.bytes, pieces(mbr), 9 * MIB)).toEqual([]);
    expect(names(found(mbr.bytes, pieces(mbr), 9 * MIB - 4096))).toEqual(mbr.has);
    expect(found(mbr.bytes, pieces(mbr), 4096, MIB)).toEqual([]);
  });

  test('may be what no partition takes, in blocks of the disk', () => {
    const mbr = by('sfdisk, MBR with a partition');
    // The same 2,048 to 18,432.
    expect(found(mbr.bytes, pieces(mbr), MIB, 8 * MIB, 4096)).toEqual([]);
    expect(names(found(mbr.bytes, pieces(mbr), 9 * MIB, 16 * MIB, 4096))).toEqual(mbr.has);
  });

  test('may not be that of the entries of a GPT, in either copy', () => {
    const gpt = by('sfdisk, GPT with a partition');
    expect(names(found(gpt.bytes, pieces(gpt), 4096, MIB))).toEqual(['a partition table (GPT)']);
    expect(names(found(gpt.bytes, pieces(gpt), gpt.bytes - 33 * SECTOR, gpt.bytes - SECTOR))).toEqual([
      'the second copy of a partition table (GPT)',
    ]);
  });

  test('is looked at where it begins, too', () => {
    const ext4 = by('mkfs.ext4');
    expect(names(found(32 * MIB, pieces(ext4, MIB), MIB))).toEqual(ext4.has);
  });
});

test('what is found is refused by name, and what to do is said', () => {
  expect(() => refuseContent('backing "b"', 'b', [])).not.toThrow();
  const content = found(16 * MIB, pieces(by('sfdisk, GPT with a partition')));
  expect(refusal(() => refuseContent('backing "b"', 'b', content))).toMatchObject({
    kind: 'taken',
    code: 'backing-has-content',
    message: 'backing "b": it has a partition table (GPT), the second copy of a partition table (GPT)',
    hint: expect.stringContaining('`force`'),
  });
});
