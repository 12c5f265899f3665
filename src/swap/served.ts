import type { BigIntStatsFs } from 'node:fs';
import { typeOf, writtenSystem } from '../kernel/overlay.js';
import { refused } from './backing.js';

/**
 * The file systems that a process or another machine serves: to write to one takes memory there, or of the network. By their numbers
 * in statfs(2): linux/magic.h.
 */
const SERVED: ReadonlyMap<bigint, string> = new Map([
  [0x65735546n, 'FUSE'],
  [0x6969n, 'NFS'],
  [0xff534d42n, 'SMB'],
  [0xfe534d42n, 'SMB'],
  [0x01021997n, '9P'],
  [0x00c36400n, 'Ceph'],
  [0x5346414fn, 'AFS'],
]);

/**
 * Refuses a file of such a file system: what serves it may itself be swapped out there, and comes back never. swapon(2) would refuse
 * the file itself; a loop device hides it.
 *
 * @throws DmfdError `usage`
 */
export function refuseServed(path: string, fd: number): void {
  const system = systemOf(fd);
  const name = system === 'unknown' ? 'FUSE' : system && SERVED.get(typeOf(system));
  if (name === undefined) return;
  throw refused(
    'backing-served',
    path,
    `it is in a file system of ${name}: what serves it may need memory that is swapped out there`,
    'take a file on a local file system, or a disk; or use it as it is, with `force`',
  );
}

/** A server of FUSE need not say what it is. */
function systemOf(fd: number): BigIntStatsFs | 'unknown' | undefined {
  try {
    return writtenSystem(fd);
  } catch {
    return 'unknown';
  }
}
