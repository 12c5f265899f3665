import { describe, expect, test } from 'vitest';
import { overlap, type Stretch } from '../../../src/loop/stretch.js';

const MIB = 1n << 20n;

/** sda, of which 1 and 2 are partitions, and sdb. */
const PLACES = new Map([
  [8n, { disk: '8:0', start: 0n, end: 1n << 64n }],
  [9n, { disk: '8:0', start: 1n * MIB, end: 9n * MIB }],
  [10n, { disk: '8:0', start: 9n * MIB, end: 24n * MIB }],
  [16n, { disk: '8:16', start: 0n, end: 1n << 64n }],
]);

function placeOf(rdev: bigint) {
  const place = PLACES.get(rdev);
  if (place === undefined) throw new Error(`no device ${rdev}`);
  return place;
}

function on(blockDevice: bigint | undefined, from = 0n, sizeLimit?: bigint, inode = 7n): Stretch {
  return { device: 5n, inode, blockDevice, offset: from, sizeLimit };
}

const [SDA, SDA1, SDA2, SDB] = [8n, 9n, 10n, 16n];

describe('two loop devices are in each other’s way', () => {
  test.each([
    ['over one file', on(undefined), on(undefined), true],
    ['over two files', on(undefined), on(undefined, 0n, undefined, 8n), false],
    ['over a file and a disk', on(undefined), on(SDA), false],
    ['over one disk by two nodes', on(SDA), on(SDA, 0n, undefined, 8n), true],
    ['over two parts of one device', on(SDA, 0n, MIB), on(SDA, MIB, MIB), true],
    ['over two disks', on(SDA), on(SDB), false],
    ['over a disk and its partition', on(SDA), on(SDA2), true],
    ['over two partitions of one disk', on(SDA1), on(SDA2), false],
    ['over what a partition has of its disk', on(SDA2), on(SDA, 9n * MIB, 15n * MIB), true],
    ['over what another partition has of its disk', on(SDA2), on(SDA, 1n * MIB, 8n * MIB), false],
    ['over the disk from behind the partition on', on(SDA1), on(SDA, 9n * MIB), false],
    ['over the beginning of a partition', on(SDA2, 0n, MIB), on(SDA, 10n * MIB), false],
    ['over the end of a partition', on(SDA1, 7n * MIB), on(SDA, 0n, 8n * MIB), false],
    ['with a limit behind the end of the partition', on(SDA1, 0n, 20n * MIB), on(SDA2), false],
  ])('%s: %#', (_where, one, other, expected) => {
    expect(overlap(one, other, placeOf)).toBe(expected);
    expect(overlap(other, one, placeOf)).toBe(expected);
  });
});
