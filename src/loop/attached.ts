import type { BigIntStats } from 'node:fs';
import { DmfdError } from '../errors.js';
import type { Kernel } from '../kernel/kernel.js';
import { listIfThere, readIfThere } from '../kernel/pseudo-files.js';
import { shim } from '../kernel/shim.js';
import { statIfThere } from '../kernel/stat.js';
import { openLoop } from './open.js';
import { decodeLoopInfo, INFO_SIZE, LOOP_COMMANDS, type LoopInfo } from './protocol.js';
import { overlap, type Part, stretchOf } from './stretch.js';

/** A loop device that has a file, or a block device, at this moment. */
export interface AttachedLoop {
  readonly minor: number;
  readonly readOnly: boolean;
}

/**
 * The loop devices that have this file or block device, or the same bytes by its disk or a partition: they claim none of these. By
 * what the kernel says it is, not by its path: that may be of another mount namespace, another link, or removed.
 */
export function loopsOf(kernel: Kernel, backing: BigIntStats, part?: Part): AttachedLoop[] {
  const wanted = stretchOf(backing, part);
  return attachedMinors().flatMap((minor) => {
    const info = withLoopInfo(kernel, minor, (_fd, bytes) => decodeLoopInfo(bytes));
    return info !== undefined && overlap(info, wanted) ? [{ minor, readOnly: info.readOnly }] : [];
  });
}

/**
 * The numbers of the loop devices that have a file now, and room: of one without any nobody reads or writes a byte. In one file, which
 * is there also where /sys is not mounted: to see nobody would be to let two write over each other.
 */
export function attachedMinors(): number[] {
  const names = readIfThere('/proc/partitions') || listIfThere('/sys/block').join('\n');
  return Array.from(names.matchAll(/(?:^| )loop(\d+)$/gm), ([, minor]) => Number(minor));
}

/** The path of what a loop device has, as the kernel tells it to this process; empty without one. */
export function backingPathOf(minor: number): string {
  return readIfThere(`/sys/block/loop${minor}/loop/backing_file`).replace(/\n$/, '');
}

/** The file that a loop device has, by the path that the kernel tells, if the very file is there. */
export function fileOf(
  minor: number,
  { device, inode }: LoopInfo,
): { readonly path: string; readonly stats: BigIntStats } | undefined {
  const path = backingPathOf(minor);
  const stats = statIfThere(path);
  return stats?.isFile() && stats.dev === device && stats.ino === inode ? { path, stats } : undefined;
}

/**
 * Asks a loop device what it has, and has that used with its read-only descriptor. undefined of one that has been detached
 * meanwhile, or that this process may not open (in a container).
 *
 * @param use gets a whole `struct loop_info64`
 */
export function withLoopInfo<T>(
  kernel: Kernel,
  minor: number,
  use: (fd: number, info: Buffer) => T,
): T | undefined {
  const fd = openIfAllowed(kernel, minor);
  if (fd < 0) return undefined;
  try {
    const info = Buffer.alloc(INFO_SIZE);
    const result = kernel.call('LOOP_GET_STATUS64', () => shim.ioctl(fd, LOOP_COMMANDS.GET_STATUS64, info));
    return result < 0 ? undefined : use(fd, info);
  } finally {
    shim.close(fd);
  }
}

/** A negative number where this process may not have one. */
function openIfAllowed(kernel: Kernel, minor: number): number {
  try {
    return openLoop(kernel, minor, true);
  } catch (error) {
    if (error instanceof DmfdError && error.code === 'node-missing') return -1;
    throw error;
  }
}
