import { type BigIntStats, readdirSync, readFileSync, statSync } from 'node:fs';
import { decodeLibcDevice, formatDeviceNumber } from '../dm/device-number.js';
import { UUID_PREFIX } from '../dm/names.js';

/** The swap area that is this file or block device, by its path in /proc/swaps; undefined when there is none. */
export function activeSwap(backing: BigIntStats): string | undefined {
  return areas().find((path) => isSame(path, backing));
}

/** The loop device that has this file, if one has. */
export function loopOf(backing: BigIntStats): string | undefined {
  return list('/sys/block')
    .filter((name) => name.startsWith('loop'))
    .find((name) => isSame(read(`/sys/block/${name}/loop/backing_file`).replace(/\n$/, ''), backing));
}

/**
 * Whether what a block device carries is dmfd's and about to go: its last holder has let go, or will in a moment (a udev
 * worker that looks at it). It is not when it is swap.
 *
 * @param device MAJ:MIN
 */
export function isLeaving(device: string): boolean {
  const holders = list(`/sys/dev/block/${device}/holders`);
  return holders.length > 0 && holders.every((name) => isUnusedDevice(name));
}

/** The same of a loop device, which goes by itself when nothing is on it any more. */
export function isLoopLeaving(name: string): boolean {
  if (read(`/sys/block/${name}/loop/autoclear`).trim() !== '1') return false;
  return list(`/sys/block/${name}/holders`).every((holder) => isUnusedDevice(holder));
}

function isUnusedDevice(name: string): boolean {
  const uuid = read(`/sys/block/${name}/dm/uuid`);
  // The kernel takes this file away first when it destroys a device; one without a UUID has an empty line there.
  if (uuid === '') return name.startsWith('dm-');
  if (!uuid.startsWith(UUID_PREFIX)) return false;
  const number = read(`/sys/block/${name}/dev`).trim();
  const used = areas().map(look);
  return !used.some(
    (area) => area?.isBlockDevice() && formatDeviceNumber(decodeLibcDevice(area.rdev)) === number,
  );
}

function areas(): string[] {
  return read('/proc/swaps')
    .split('\n')
    .slice(1)
    .map((line) => line.split(/\s/)[0] ?? '')
    .filter((path) => path !== '')
    .map((path) => Buffer.from(unescapeOctal(path), 'latin1').toString());
}

function isSame(path: string, backing: BigIntStats): boolean {
  const stats = path === '' ? undefined : look(path);
  if (stats === undefined) return false;
  if (backing.isBlockDevice()) return stats.isBlockDevice() && stats.rdev === backing.rdev;
  return stats.isFile() && stats.dev === backing.dev && stats.ino === backing.ino;
}

/** /proc writes blanks in paths as `\040`, byte by byte. */
function unescapeOctal(path: string): string {
  return Buffer.from(path)
    .toString('latin1')
    .replace(/\\([0-7]{3})/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 8)));
}

function look(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true });
  } catch {
    return undefined;
  }
}

function list(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
