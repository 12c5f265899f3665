import { type BigIntStats, statSync } from 'node:fs';
import { type DeviceNumber, decodeLibcDevice } from '../dm/device-number.js';

/** Whether a file is a block device with that number; undefined is a file that is not there. */
export function isBlockNode(stats: BigIntStats | undefined, dev: DeviceNumber): boolean {
  if (stats === undefined || !stats.isBlockDevice()) return false;
  const { major, minor } = decodeLibcDevice(stats.rdev);
  return major === dev.major && minor === dev.minor;
}

/** As {@link isBlockNode}, of a path; false for one that cannot be looked at. */
export function isBlockNodeAt(path: string, dev: DeviceNumber): boolean {
  try {
    return isBlockNode(statSync(path, { bigint: true }), dev);
  } catch {
    return false;
  }
}
