import { closeSync, openSync } from 'node:fs';
import { mountOf, mountsOf } from './mountinfo.js';
import { linkIfThere, listIfThere, readIfThere } from './pseudo-files.js';

/** File systems without a device number of their own that are in memory, where device nodes are, or on local disks. */
const LOCAL = ['devtmpfs', 'tmpfs', 'ramfs', 'rootfs', 'btrfs', 'bcachefs', 'zfs'];

/**
 * A descriptor that DM_DEV_CREATE returned has its node in a mount of the kernel's own, which no mountinfo shows, and on 6.12
 * no name there any more.
 */
const MADE_BY_KERNEL = /^\/dm-\d+( \(deleted\))?$/;

/**
 * Paths in /proc of the files that a process has open and that may be device nodes. All can be looked at: a file that is
 * on a network or in user space (NFS, FUSE) is left out, because to look at it is to wait for a server that may be dead.
 *
 * @param mounts what {@link harmlessMounts} says of this process: files may be passed from one to another
 */
export function openNodes(pid: string, mounts: ReadonlySet<string>): string[] {
  const descriptors = listIfThere(`/proc/${pid}/fd`).flatMap((fd) => {
    const target = linkIfThere(`/proc/${pid}/fd/${fd}`);
    // A socket or a pipe is no path.
    return target?.startsWith('/') ? [{ fd, target }] : [];
  });
  if (descriptors.length === 0) return [];
  const theirs = harmlessMounts(pid);
  return descriptors
    .filter(({ fd, target }) => {
      if (MADE_BY_KERNEL.test(target)) return true;
      const mount = mountOf(readIfThere(`/proc/${pid}/fdinfo/${fd}`));
      return theirs.has(mount) || mounts.has(mount);
    })
    .map(({ fd }) => `/proc/${pid}/fd/${fd}`);
}

/**
 * The numbers of a process's mounts whose files can be looked at: those in memory or on a local disk.
 *
 * @param answering the number (MAJ:MIN) of a file system that was looked at already, which is as good
 */
export function harmlessMounts(pid: string, answering?: string): Set<string> {
  const mounts = new Set<string>();
  let isRootListed = false;
  for (const { id, device, path, type } of mountsOf(pid)) {
    isRootListed ||= path === '/';
    const onDisk = !device.startsWith('0:') && !type.startsWith('fuse');
    if (LOCAL.includes(type) || onDisk || device === answering) mounts.add(id);
  }
  if (pid === 'self' && !isRootListed) mounts.add(rootMount());
  return mounts;
}

/** Of the mount with this process's root directory: in a chroot that is no mount itself, mountinfo leaves it out. It answers. */
function rootMount(): string {
  const fd = openSync('/', 'r');
  try {
    return mountOf(readIfThere(`/proc/self/fdinfo/${fd}`));
  } finally {
    closeSync(fd);
  }
}
