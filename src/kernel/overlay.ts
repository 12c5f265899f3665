import { type BigIntStatsFs, statfsSync } from 'node:fs';
import { type Mount, mountOf, mountsOf } from './mountinfo.js';
import { readIfThere, unescapePath } from './pseudo-files.js';

/** linux/magic.h */
const OVERLAYFS = 0x794c7630n;

/** The number by which a file system says what it is. */
export function typeOf({ type }: BigIntStatsFs): bigint {
  // Signed on a 32-bit machine.
  return BigInt.asUintN(32, type);
}

/**
 * The file system that what is written to an open file goes to: of a file in an overlay, the one of the upper layer. Where that one
 * cannot be seen from here, as in a container or on a live system, the overlay itself; but undefined if the layer may be Btrfs.
 */
export function writtenSystem(fd: number): BigIntStatsFs | undefined {
  const system = statfsSync(`/proc/self/fd/${fd}`, { bigint: true });
  if (typeOf(system) !== OVERLAYFS) return system;
  const mount = mountOf(readIfThere(`/proc/self/fdinfo/${fd}`));
  const directory = upperDirectory(mountsOf('self'), mount);
  const upper = directory === undefined ? undefined : systemAt(directory);
  // The path is what it was to mount(8), and may be something else here and now. The overlay has the numbers of its upper layer.
  const isSeen =
    upper !== undefined &&
    typeOf(upper) !== OVERLAYFS &&
    upper.blocks === system.blocks &&
    upper.bsize === system.bsize;
  if (isSeen) return upper;
  // Btrfs does not count inodes.
  return system.files > 0n ? system : undefined;
}

/**
 * Where the upper layer of an overlay was when it was mounted.
 *
 * @param mount the number of the overlay's
 */
export function upperDirectory(mounts: readonly Mount[], mount: string): string | undefined {
  const options = mounts.find(({ id }) => id === mount)?.options ?? [];
  const path = options.find((option) => option.startsWith('upperdir=/'));
  return path && unescapePath(path.slice('upperdir='.length));
}

function systemAt(path: string): BigIntStatsFs | undefined {
  try {
    return statfsSync(path, { bigint: true });
  } catch {
    return undefined;
  }
}
