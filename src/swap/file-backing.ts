import { type BigIntStats, closeSync, fstatSync } from 'node:fs';
import { formatDeviceNumber } from '../dm/device-number.js';
import { DmfdError } from '../errors.js';
import { resultName } from '../kernel/errno.js';
import { openGivenFile } from '../kernel/given-file.js';
import type { Kernel } from '../kernel/kernel.js';
import { isLoopLeaving, retryWhileLeaving } from '../kernel/leaving.js';
import { openersOf } from '../kernel/openers.js';
import { shim } from '../kernel/shim.js';
import { statIfThere } from '../kernel/stat.js';
import { LARGE_BLOCK } from '../loop/attach.js';
import { type AttachedLoop, loopsOf } from '../loop/attached.js';
import { attachUnshared } from '../loop/unshared.js';
import { backingFile, hasLoop, inUse, lockedWords, openWords, refused, type SwapBacking } from './backing.js';
import { refuseCopyOnWrite } from './copy-on-write.js';
import { allocateArea, checkRoom } from './room.js';
import { refuseServed } from './served.js';

const SECTOR = 512n;

/**
 * A file, which will get a loop device.
 *
 * @param force also one that others than root may write to, or that is written to another place
 */
export function openFileBacking(kernel: Kernel, path: string, force: boolean): SwapBacking {
  const { fd, stats } = openAlone(kernel, path);
  try {
    if (!force) refuseUnfit(kernel, path, fd);
    let own: number | undefined;
    return {
      fd,
      isFile: true,
      bytes: stats.size,
      blockSize: 512,
      flush: () => {},
      checkRoom: (area) => checkRoom(kernel, { path, fd, area, force }),
      reserve: (area) => allocateArea(kernel, { path, fd, area, force }),
      attach: ({ start }) => {
        // A page that is swapped out to make room must not take room in the page cache instead.
        // The length of an area is pages.
        const largeBlocks = (start * SECTOR) % BigInt(LARGE_BLOCK) === 0n;
        const backing = { fd, file: path, readOnly: false, directIo: 'preferred', largeBlocks } as const;
        const { loop, inTheWay } = attachUnshared(kernel, backing);
        if (loop === undefined) throw hasLoop(path, inTheWay);
        own = loop.fd;
        return { device: formatDeviceNumber(loop), loop };
      },
      close: () => {
        closeSync(fd);
        if (own !== undefined) shim.close(own);
      },
    };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** Another user of the file: by a loop device, a lock, or a descriptor. */
type Other =
  | { readonly by: 'loop device'; readonly loop: AttachedLoop }
  | { readonly by: 'lock'; readonly what: 'it' | 'a part of it' }
  | { readonly by: 'descriptor' };

interface OpenFile {
  readonly fd: number;
  readonly stats: BigIntStats;
}

/** Opens it, and locks it; the lock goes on with the loop device. @throws DmfdError `taken` that names the other user */
function openAlone(kernel: Kernel, path: string): OpenFile {
  let file: OpenFile | undefined;
  let other: Other | undefined;
  const attempt = (): boolean => {
    file ??= openLocked(kernel, path);
    other = file === undefined ? whoLocked(kernel, path) : findOther(kernel, path, file);
    return other === undefined;
  };
  try {
    retryWhileLeaving(kernel, attempt, () => other !== undefined && isGoing(path, other));
    if (other !== undefined || file === undefined) throw taken(path, other ?? { by: 'descriptor' });
    return file;
  } catch (error) {
    if (file !== undefined) closeSync(file.fd);
    throw error;
  }
}

/**
 * undefined while another process has it locked, or has a lease on it, as a dmfd that looks whether it is alone. It is not open
 * between two tries then: the holder of the lock would see that.
 */
function openLocked(kernel: Kernel, path: string): OpenFile | undefined {
  const fd = openUnlessLeased(path);
  if (fd === undefined) return undefined;
  const stats = fstatSync(fd, { bigint: true });
  // Some file systems have no locks.
  if (stats.isFile() && resultName(kernel.call(`flock ${path}`, () => shim.lock(fd))) !== 'EAGAIN')
    return { fd, stats };
  closeSync(fd);
  if (stats.isFile()) return undefined;
  throw refused('backing-replaced', path, 'somebody replaced it meanwhile', 'try again');
}

function openUnlessLeased(path: string): number | undefined {
  try {
    return openGivenFile(backingFile(path));
  } catch (error) {
    if (error instanceof DmfdError && error.errno === 'EAGAIN') return undefined;
    throw error;
  }
}

/** Looked for only after the lock was tried: the process that had it before us has a loop device by now, or has given up. */
function whoLocked(kernel: Kernel, path: string): Other {
  const stats = statIfThere(path);
  const loop = stats && loopsOf(kernel, stats)[0];
  return loop === undefined ? { by: 'lock', what: 'it' } : { by: 'loop device', loop };
}

function findOther(kernel: Kernel, path: string, { fd, stats }: OpenFile): Other | undefined {
  const loop = loopsOf(kernel, stats)[0];
  if (loop !== undefined) return { by: 'loop device', loop };
  if (kernel.call(`F_OFD_GETLK ${path}`, () => shim.isRangeLocked(fd)) > 0)
    return { by: 'lock', what: 'a part of it' };
  const elsewhere = kernel.call(`F_SETLEASE ${path}`, () => shim.isOpenElsewhere(fd));
  // Some file systems have no leases, and some no leases for this process: of another user's file they need CAP_LEASE.
  const isOpen = elsewhere > 0 || (elsewhere < 0 && findOpeners(path).length > 0);
  return isOpen ? { by: 'descriptor' } : undefined;
}

/** A loop device that is detached keeps the file open for a moment longer than it is there. */
function isGoing(path: string, other: Other): boolean {
  if (other.by === 'loop device') return isLoopLeaving(other.loop.minor);
  return other.by === 'descriptor' && findOpeners(path).length === 0;
}

function taken(path: string, other: Other): DmfdError {
  if (other.by === 'loop device') return hasLoop(path, other.loop);
  const openers = findOpeners(path);
  const why = other.by === 'lock' ? lockedWords(other.what, openers) : openWords(openers);
  return inUse(path, why, 'end that first; another dmfd may be about to use it: try again');
}

function findOpeners(path: string): string[] {
  const stats = statIfThere(path);
  return stats === undefined ? [] : openersOf(path, stats);
}

/** @throws DmfdError `usage` for a file that swap is not safe on, whoever has it */
export function refuseUnfit(kernel: Kernel, path: string, fd: number): void {
  refuseInsecure(path, fstatSync(fd, { bigint: true }));
  refuseServed(path, fd);
  refuseCopyOnWrite(kernel, path, fd);
}

/** A user who may truncate it while it is in use can kill every process that has memory there. */
function refuseInsecure(path: string, { uid, mode }: BigIntStats): void {
  const writers = [
    ...(uid === 0n ? [] : [`its owner, uid ${uid},`]),
    ...((mode & 0o020n) === 0n ? [] : ['its group']),
    ...((mode & 0o002n) === 0n ? [] : ['everybody']),
  ];
  if (writers.length === 0) return;
  throw refused(
    'backing-insecure',
    path,
    `${writers.join(' and ')} may write to it, and truncate it while it is in use`,
    'chown root FILE; chmod 600 FILE; or use it as it is, with `force`',
  );
}
