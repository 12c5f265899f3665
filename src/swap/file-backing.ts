import { type BigIntStats, closeSync, fstatSync } from 'node:fs';
import { formatDeviceNumber } from '../dm/device-number.js';
import { DmfdError } from '../errors.js';
import { resultName } from '../kernel/errno.js';
import { openGivenFile } from '../kernel/given-file.js';
import type { Kernel } from '../kernel/kernel.js';
import { isLoopLeaving, retryWhileLeaving } from '../kernel/leaving.js';
import { openersOf } from '../kernel/openers.js';
import { shim } from '../kernel/shim.js';
import { type AttachedLoop, loopsOf } from '../loop/attached.js';
import { attachUnshared } from '../loop/unshared.js';
import { backingFile, hasLoop, inUse, refused, type SwapBacking } from './backing.js';
import { look } from './in-use.js';
import { allocateArea, checkRoom } from './room.js';

/**
 * A file, which will get a loop device.
 *
 * @param force also one that others than root may write to
 */
export function openFileBacking(kernel: Kernel, path: string, force: boolean): SwapBacking {
  const { fd, stats } = openAlone(kernel, path);
  try {
    if (!force) refuseInsecure(path, stats);
    let own: number | undefined;
    return {
      fd,
      isFile: true,
      bytes: stats.size,
      blockSize: 512,
      flush: () => {},
      checkRoom: (area) => checkRoom({ path, fd, area }),
      reserve: (area) => allocateArea(kernel, { path, fd, area }),
      attach: () => {
        const { loop, inTheWay } = attachUnshared(kernel, { fd, file: path, readOnly: false });
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

/** Who else has the file, in one of the ways that there are. */
type Other =
  | { readonly has: 'it attached'; readonly loop: AttachedLoop }
  | { readonly has: 'it locked' | 'a part of it locked' | 'it open' };

interface OpenFile {
  readonly fd: number;
  readonly stats: BigIntStats;
}

/** Opens it, and locks it; the lock goes on with the loop device. @throws DmfdError `taken` that tells who else has it */
function openAlone(kernel: Kernel, path: string): OpenFile {
  let file: OpenFile | undefined;
  let other: Other | undefined;
  // Not open between two tries: of two runs of dmfd's, one would see the other have it open.
  const attempt = (): boolean => {
    const opened = openFile(path);
    other = opened === undefined ? { has: 'it open' } : findOther(kernel, path, opened);
    if (other === undefined) file = opened;
    else if (opened !== undefined) closeSync(opened.fd);
    return other === undefined;
  };
  retryWhileLeaving(kernel, attempt, () => other !== undefined && isGoing(path, other));
  if (file !== undefined) return file;
  throw taken(path, other ?? { has: 'it open' });
}

/** undefined while somebody has a lease on it, as another dmfd has while it looks whether it is alone. */
function openFile(path: string): OpenFile | undefined {
  let fd: number;
  try {
    fd = openGivenFile(backingFile(path));
  } catch (error) {
    if (error instanceof DmfdError && error.errno === 'EAGAIN') return undefined;
    throw error;
  }
  const stats = fstatSync(fd, { bigint: true });
  if (stats.isFile()) return { fd, stats };
  closeSync(fd);
  throw refused('backing-replaced', path, 'somebody replaced it meanwhile', 'try again');
}

function findOther(kernel: Kernel, path: string, { fd, stats }: OpenFile): Other | undefined {
  const lock = kernel.call(`flock ${path}`, () => shim.lock(fd));
  // Looked for only after the lock was tried: who had it before us has a loop device by now, or has given up.
  const loop = loopsOf(kernel, stats)[0];
  if (loop !== undefined) return { has: 'it attached', loop };
  // Some file systems have no locks, or no leases.
  if (resultName(lock) === 'EAGAIN') return { has: 'it locked' };
  if (kernel.call(`F_OFD_GETLK ${path}`, () => shim.isRangeLocked(fd)) > 0)
    return { has: 'a part of it locked' };
  if (kernel.call(`F_SETLEASE ${path}`, () => shim.isOpenElsewhere(fd)) > 0) return { has: 'it open' };
  return undefined;
}

/** A loop device that is detached keeps the file open for a moment longer than it is there. */
function isGoing(path: string, other: Other): boolean {
  if (other.has === 'it attached') return isLoopLeaving(other.loop.minor);
  return other.has === 'it open' && findOpeners(path).length === 0;
}

function taken(path: string, other: Other): DmfdError {
  if (other.has === 'it attached') return hasLoop(path, other.loop);
  const openers = findOpeners(path);
  const who = openers.length === 0 ? 'another process' : openers.join(', ');
  return inUse(
    path,
    `${who} has ${other.has}`,
    'end that first; another dmfd may be about to use it: try again',
  );
}

function findOpeners(path: string): string[] {
  const stats = look(path);
  return stats === undefined ? [] : openersOf(path, stats);
}

/** Who may truncate it while it is in use can kill every process that has memory there. */
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
