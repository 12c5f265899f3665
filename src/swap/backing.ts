import { type BigIntStats, closeSync, constants, fstatSync, openSync, statSync } from 'node:fs';
import { findHolders } from '../device/holders.js';
import { decodeLibcDevice, formatDeviceNumber } from '../dm/device-number.js';
import { DmfdError, ROOT_HINT, usageError } from '../errors.js';
import { readBlockDevice } from '../kernel/block-device.js';
import { describeErrno, type Errno, errnoOf } from '../kernel/errno.js';
import { listIfThere } from '../kernel/pseudo-files.js';
import { shim } from '../kernel/shim.js';
import { pause } from '../kernel/sleep.js';
import type { StepListener } from '../kernel/steps.js';
import { attachOpenFile } from '../loop/attach.js';
import { activeSwap, isLeaving, isLoopLeaving, loopOf } from './active.js';
import { withPatience } from './patience.js';

const LOCK_MILLISECONDS = 10_000;
const LOCK_PAUSE = 20;

const OPEN_FLAGS = constants.O_RDWR | constants.O_NONBLOCK;

/** A file or block device that can become swap: nothing has it, and nothing has been written to it. */
export interface SwapBacking {
  readonly isFile: boolean;
  readonly bytes: bigint;
  /** Bytes of the smallest block that can be written. */
  readonly blockSize: number;
  /**
   * Makes a block device of it for a table: MAJ:MIN, which stands for it until {@link close}. From here on only a lock keeps
   * other runs of dmfd away; device-mapper's own claim, which cannot stand beside ours, keeps away all but other devices of
   * device-mapper's: see {@link refuseCompany}.
   */
  attach(onStep?: StepListener): { readonly device: string; readonly loop: string | undefined };
  close(): void;
}

/**
 * Opens it, to the exclusion of mounts, swap, devices on top and other runs of dmfd.
 *
 * @throws DmfdError `usage` for what can be no swap, `taken` for what somebody has, `privilege`
 */
export function openSwapBacking(path: string): SwapBacking {
  // Before opening: opening a FIFO would wait for its other end, and a tape would be rewound.
  const seen = look(path);
  const kind = describeKind(seen);
  if (kind !== undefined) throw usageError(`${said(path)}: it is ${kind}, not a block device or a file`);
  const active = activeSwap(seen);
  if (active !== undefined) {
    throw taken(path, `it is swap already${active === path ? '' : `, as ${active}`}`, `swapoff ${active}`);
  }
  return seen.isFile() ? openFile(path) : openDevice(path, seen);
}

/**
 * To be asked when our device stands on the backing and before it writes: all devices of device-mapper's share one exclusive
 * claim, so another of them may have come in between our claim and its own.
 *
 * @param device MAJ:MIN of the block device under ours, `/dev/dm-${minor}`
 * @throws DmfdError `taken`
 */
export function refuseCompany(path: string, device: string, minor: number): void {
  const others = listIfThere(`/sys/dev/block/${device}/holders`).filter((name) => name !== `dm-${minor}`);
  if (others.length === 0) return;
  const who = others.map((name) => `/dev/${name}`).join(', ');
  throw taken(path, `${who} was put on it meanwhile; nothing was written`, 'end that first, and try again');
}

function openFile(path: string): SwapBacking {
  const fd = open(path);
  try {
    const stats = fstatSync(fd, { bigint: true });
    if (!stats.isFile()) throw replaced(path);
    refuseSharedFile(path, fd, stats);
    let loop: number | undefined;
    return {
      isFile: true,
      bytes: stats.size,
      blockSize: 512,
      attach: (onStep) => {
        const device = attachOpenFile(fd, path, false, onStep);
        loop = device.fd;
        return { device: formatDeviceNumber(device), loop: `/dev/loop${device.minor}` };
      },
      close: () => {
        closeSync(fd);
        if (loop !== undefined) closeSync(loop);
      },
    };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** Two loop devices may have one file, and would write over each other; the lock goes on with the loop device. */
function refuseSharedFile(path: string, fd: number, stats: BigIntStats): void {
  let loop: string | undefined;
  const attempt = (): boolean => {
    const result = shim.lock(fd);
    // Looked for only after the lock was tried: who had it before us has a loop device by now, or has given up.
    loop = loopOf(stats);
    // Some file systems have no locks.
    return loop === undefined && (result >= 0 || describeErrno(-result).name !== 'EAGAIN');
  };
  if (withPatience(attempt, () => loop !== undefined && isLoopLeaving(loop))) return;
  if (loop !== undefined) {
    throw taken(path, `/dev/${loop} has it`, `losetup -l shows it; swapoff, umount or losetup -d ends it`);
  }
  throw taken(path, 'another process has it locked', 'another dmfd may be about to use it: try again');
}

function openDevice(path: string, seen: BigIntStats): SwapBacking {
  const pin = open(path);
  let exclusive: number | undefined;
  const close = (): void => {
    if (exclusive !== undefined) closeSync(exclusive);
    closeSync(pin);
  };
  try {
    lockDevice(path, pin);
    exclusive = openExclusively(path, seen);
    const stats = fstatSync(pin, { bigint: true });
    if (!stats.isBlockDevice() || stats.rdev !== fstatSync(exclusive, { bigint: true }).rdev)
      throw replaced(path);
    const { bytes, blockSize, readOnly } = readBlockDevice(pin);
    if (readOnly) throw readOnlyError(path);
    return {
      isFile: false,
      bytes,
      blockSize,
      attach: () => {
        if (exclusive !== undefined) closeSync(exclusive);
        exclusive = undefined;
        return { device: formatDeviceNumber(decodeLibcDevice(stats.rdev)), loop: undefined };
      },
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

/** As all programs lock a block device that change it whole: udev does while it looks, which takes a moment. */
function lockDevice(path: string, fd: number): void {
  const limit = performance.now() + LOCK_MILLISECONDS;
  for (;;) {
    const result = shim.lock(fd);
    if (result >= 0 || describeErrno(-result).name !== 'EAGAIN') return;
    if (performance.now() > limit)
      throw taken(path, 'another process has it locked', '"lslocks" shows which');
    pause(LOCK_PAUSE);
  }
}

/** After swapoff the kernel takes a moment to destroy what was on it, and as long as udev has it open. */
function openExclusively(path: string, seen: BigIntStats): number {
  const device = formatDeviceNumber(decodeLibcDevice(seen.rdev));
  let fd = -1;
  const attempt = (): boolean => {
    fd = openUnlessBusy(path);
    return fd >= 0;
  };
  if (withPatience(attempt, () => isLeaving(device))) return fd;
  throw held(path, seen);
}

/** -1 when somebody has it exclusively. */
function openUnlessBusy(path: string): number {
  try {
    return openSync(path, OPEN_FLAGS | constants.O_EXCL);
  } catch (error) {
    if (errnoOf(error)?.name === 'EBUSY') return -1;
    throw cannot(path, 'write', error);
  }
}

function look(path: string): BigIntStats {
  try {
    return statSync(path, { bigint: true });
  } catch (error) {
    throw cannot(path, 'find', error);
  }
}

function describeKind(stats: BigIntStats): string | undefined {
  if (stats.isFile() || stats.isBlockDevice()) return undefined;
  if (stats.isDirectory()) return 'a directory';
  if (stats.isFIFO()) return 'a FIFO';
  if (stats.isSocket()) return 'a socket';
  return 'a character device';
}

function open(path: string): number {
  try {
    return openSync(path, OPEN_FLAGS);
  } catch (error) {
    throw cannot(path, 'write', error);
  }
}

function held(path: string, { rdev }: BigIntStats): DmfdError {
  const holders = findHolders(decodeLibcDevice(rdev));
  const who =
    holders.length === 0 ? 'a mount, swap or device, of all of it or of a partition' : holders.join(', ');
  return taken(path, `it is in use: ${who}`, 'end that first; "lsblk" shows what stands on what');
}

function said(path: string): string {
  return `BACKING ${JSON.stringify(path)}`;
}

function taken(path: string, why: string, hint: string): DmfdError {
  return new DmfdError('taken', `${said(path)}: ${why}`, { operation: `open ${path}`, errno: 'EBUSY', hint });
}

function replaced(path: string): DmfdError {
  return new DmfdError('taken', `${said(path)}: somebody replaced it meanwhile`, { hint: 'try again' });
}

function readOnlyError(path: string): DmfdError {
  return new DmfdError('usage', `${said(path)}: it is read-only`, {
    operation: `open ${path}`,
    errno: 'EROFS',
    hint: 'swap is written to; "blockdev --setrw" where the device can be',
  });
}

function cannot(path: string, what: string, error: unknown): unknown {
  const errno = errnoOf(error);
  if (errno === undefined) return error;
  const hint = hintFor(errno);
  const kind = errno.name === 'EACCES' && process.getuid?.() !== 0 ? 'privilege' : 'usage';
  return new DmfdError(kind, `${said(path)}: cannot ${what} it: ${errno.name}, ${errno.words}`, {
    operation: `open ${path}`,
    errno: errno.name,
    ...(hint === undefined ? {} : { hint }),
    cause: error,
  });
}

function hintFor({ name }: Errno): string | undefined {
  switch (name) {
    case 'ENOENT':
      return 'check the name, or make a file: truncate -s 1G FILE';
    case 'EACCES':
    case 'EPERM':
      return process.getuid?.() === 0 ? 'it is read-only, or immutable (lsattr)' : ROOT_HINT;
    case 'EROFS':
      return 'swap is written to: it cannot be on what is read-only';
    case 'ENXIO':
    case 'ENODEV':
      return 'no driver answers for that device';
    default:
      return undefined;
  }
}
