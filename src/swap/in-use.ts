import type { BigIntStats } from 'node:fs';
import { swapAreaPaths } from '../kernel/block-users.js';
import { statIfThere } from '../kernel/stat.js';

/** The swap area that is this file or block device, by its path in /proc/swaps; undefined when there is none. */
export function activeSwap(backing: BigIntStats): string | undefined {
  return swapAreaPaths().find((path) => isSame(path, backing));
}

function isSame(path: string, backing: BigIntStats): boolean {
  const stats = statIfThere(path);
  if (stats === undefined) return false;
  if (backing.isBlockDevice()) return stats.isBlockDevice() && stats.rdev === backing.rdev;
  return stats.isFile() && stats.dev === backing.dev && stats.ino === backing.ino;
}
