import { closeSync, fstatSync } from 'node:fs';
import { parseDeviceNumber } from '../dm/device-number.js';
import { placeOnDisk } from '../kernel/block-device.js';
import { openGivenFile } from '../kernel/given-file.js';
import type { Kernel } from '../kernel/kernel.js';
import { fileOf, withLoopInfo } from '../loop/attached.js';
import { decodeLoopInfo, LOOP_MAJOR } from '../loop/protocol.js';
import { backingFile } from './backing.js';

/** The file that a loop device has. */
export interface LoopFile {
  readonly path: string;
  readonly fd: number;
  /** Bytes: where the block device begins in it. */
  readonly start: bigint;
}

/**
 * Opens the file below a block device that is a loop device, or a partition of one: what is to be true of a file that is swapped to
 * is to be true of this one. undefined of any other block device, and of a file that cannot be seen from here.
 *
 * @param rdev as stat(2) has it
 */
export function openLoopFile(kernel: Kernel, rdev: bigint): LoopFile | undefined {
  const { disk, start } = placeOnDisk(rdev);
  const { major, minor } = parseDeviceNumber(disk) ?? {};
  if (major !== LOOP_MAJOR || minor === undefined) return undefined;
  return withLoopInfo(kernel, minor, (_fd, bytes) => {
    const info = decodeLoopInfo(bytes);
    const file = fileOf(minor, info);
    if (file === undefined) return undefined;
    const fd = openGivenFile(backingFile(file.path));
    const stats = fstatSync(fd, { bigint: true });
    if (stats.dev === info.device && stats.ino === info.inode)
      return { path: file.path, fd, start: info.offset + start };
    closeSync(fd);
    return undefined;
  });
}
