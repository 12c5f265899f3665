import type { BigIntStats } from 'node:fs';
import { type DiskPlace, haveCommonBytes, placeOnDisk } from '../kernel/block-device.js';
import type { LoopInfo, LoopSetup } from './protocol.js';

/** What a loop device has, or is to have, of which file or block device. */
export type Stretch = Pick<LoopInfo, 'device' | 'inode' | 'blockDevice' | 'offset' | 'sizeLimit'>;

export type Part = Pick<LoopSetup, 'offset' | 'sizeLimit'>;

/** Without a part: all of it. */
export function stretchOf(stats: BigIntStats, { offset = 0n, sizeLimit }: Part = {}): Stretch {
  const blockDevice = stats.isBlockDevice() ? stats.rdev : undefined;
  return { device: stats.dev, inode: stats.ino, blockDevice, offset, sizeLimit };
}

/**
 * Whether two loop devices would be in each other's way. Of one file or one device all parts count as the same; of a disk and a
 * partition, which are two devices, only the bytes that both have.
 */
export function overlap(one: Stretch, other: Stretch, placeOf = placeOnDisk): boolean {
  if (one.blockDevice === undefined || other.blockDevice === undefined) {
    return one.blockDevice === other.blockDevice && one.device === other.device && one.inode === other.inode;
  }
  if (one.blockDevice === other.blockDevice) return true;
  return haveCommonBytes(partOf(placeOf(one.blockDevice), one), partOf(placeOf(other.blockDevice), other));
}

function partOf({ disk, start: from, end: to }: DiskPlace, { offset, sizeLimit }: Stretch): DiskPlace {
  const start = from + offset;
  const limit = start + (sizeLimit ?? to);
  return { disk, start, end: limit < to ? limit : to };
}
