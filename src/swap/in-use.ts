import { type BigIntStats, statSync } from 'node:fs';
import { decodeLibcDevice, formatDeviceNumber } from '../dm/device-number.js';
import { UUID_PREFIX } from '../dm/names.js';
import { listIfThere, readIfThere, swapAreaPaths } from '../kernel/pseudo-files.js';

/** The swap area that is this file or block device, by its path in /proc/swaps; undefined when there is none. */
export function activeSwap(backing: BigIntStats): string | undefined {
  return swapAreaPaths().find((path) => isSame(path, backing));
}

/** The loop device that has this file, if one has. */
export function loopOf(backing: BigIntStats): string | undefined {
  return listIfThere('/sys/block')
    .filter((name) => name.startsWith('loop'))
    .find((name) => isSame(readIfThere(`/sys/block/${name}/loop/backing_file`).replace(/\n$/, ''), backing));
}

/**
 * True if every device on top is one of dmfd's that is not in use as swap, that is, about to be destroyed: its last holder
 * has let go, or will in a moment (a udev worker that looks at it).
 *
 * @param device MAJ:MIN
 */
export function isLeaving(device: string): boolean {
  const holders = listIfThere(`/sys/dev/block/${device}/holders`);
  return holders.length > 0 && holders.every((name) => isUnusedDevice(name));
}

/** The same of a loop device, which goes by itself when nothing is on it any more. */
export function isLoopLeaving(name: string): boolean {
  if (readIfThere(`/sys/block/${name}/loop/autoclear`).trim() !== '1') return false;
  return listIfThere(`/sys/block/${name}/holders`).every((holder) => isUnusedDevice(holder));
}

function isUnusedDevice(name: string): boolean {
  const uuid = readIfThere(`/sys/block/${name}/dm/uuid`);
  // The kernel takes this file away first when it destroys a device; one without a UUID has an empty line there.
  if (uuid === '') return name.startsWith('dm-');
  if (!uuid.startsWith(UUID_PREFIX)) return false;
  const number = readIfThere(`/sys/block/${name}/dev`).trim();
  const used = swapAreaPaths().map(look);
  return !used.some(
    (area) => area?.isBlockDevice() && formatDeviceNumber(decodeLibcDevice(area.rdev)) === number,
  );
}

function isSame(path: string, backing: BigIntStats): boolean {
  const stats = path === '' ? undefined : look(path);
  if (stats === undefined) return false;
  if (backing.isBlockDevice()) return stats.isBlockDevice() && stats.rdev === backing.rdev;
  return stats.isFile() && stats.dev === backing.dev && stats.ino === backing.ino;
}

/** undefined for what cannot be looked at. */
export function look(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true });
  } catch {
    return undefined;
  }
}
