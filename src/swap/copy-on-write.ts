import type { Kernel } from '../kernel/kernel.js';
import { numbersOf } from '../kernel/layout.js';
import { typeOf, writtenSystem } from '../kernel/overlay.js';
import { shim } from '../kernel/shim.js';
import { refused } from './backing.js';
import type { Allocation } from './extents.js';

/** Has the size of a word in its number. */
const ioctls = numbersOf('ioctl', ['FS_IOC_GETFLAGS']);

const ANEW =
  'make it anew, not as a copy: rm FILE; touch FILE; chattr +C FILE (on btrfs); fallocate -l SIZE FILE; or elsewhere, on ext4 or XFS; or use it as it is, with `force`';

/** linux/fs.h */
const FS_NOCOW_FL = 0x00800000;

/**
 * The file systems that write what was written before to another place, for which there may be none: a full one is met even without
 * holes. By their numbers in statfs(2): linux/magic.h, the sources of ZFS.
 */
const COPYING: ReadonlyMap<bigint, string> = new Map([
  [0x9123683en, 'btrfs'],
  [0xca451a4en, 'bcachefs'],
  [0x2fc12fc1n, 'ZFS'],
  [0x3434n, 'NILFS2'],
]);

/**
 * Refuses what such a file system has, also below an overlay. Files with the attribute C are written in place.
 *
 * @throws DmfdError `usage`
 */
export function refuseCopyOnWrite(kernel: Kernel, path: string, fd: number): void {
  const system = writtenSystem(fd);
  const copying = system && COPYING.get(typeOf(system));
  if (system !== undefined && copying === undefined) return;
  // An overlay answers for the file in its upper layer.
  const flags = Buffer.alloc(8);
  const result = kernel.call(`FS_IOC_GETFLAGS ${path}`, () =>
    shim.ioctl(fd, ioctls().FS_IOC_GETFLAGS, flags),
  );
  if (result >= 0 && (flags.readUInt32LE() & FS_NOCOW_FL) !== 0) return;
  throw refused(
    'backing-copied-on-write',
    path,
    copying === undefined
      ? 'it is in an overlay whose upper layer cannot be seen from here: if that is btrfs, which copies on write, there may be no room'
      : `${copying} writes it to another place each time, for which there may be no room`,
    ANEW,
  );
}

/**
 * What another file or a snapshot has, too, a file system writes to another place, for which there may be none: XFS and Btrfs,
 * whose copies by reflink begin so. To fill holes changes nothing about that.
 *
 * @throws DmfdError `usage`
 */
export function refuseShared(path: string, allocation: Allocation | undefined): void {
  if (allocation === undefined || allocation.shared === 0n) return;
  throw refused(
    'backing-copied-on-write',
    path,
    `another file or a snapshot shares ${allocation.shared} bytes with it: they are written to another place, for which there may be no room`,
    ANEW,
  );
}
