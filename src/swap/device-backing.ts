import { type BigIntStats, closeSync, constants, fstatSync, openSync } from 'node:fs';
import { claimantsOf } from '../device/holders.js';
import { decodeLibcDevice, formatDeviceNumber } from '../dm/device-number.js';
import { flushBlockDevice, readBlockDevice } from '../kernel/block-device.js';
import { describeErrno, resultName } from '../kernel/errno.js';
import { cannot, openGivenFile } from '../kernel/given-file.js';
import type { Kernel } from '../kernel/kernel.js';
import { isLeaving, retryWhileLeaving } from '../kernel/leaving.js';
import { openersOf } from '../kernel/openers.js';
import { shim } from '../kernel/shim.js';
import { loopsOf } from '../loop/attached.js';
import { findSettled } from '../loop/unshared.js';
import type { SwapArea } from './area.js';
import { backingFile, hasLoop, inUse, lockedWords, refused, type SwapBacking } from './backing.js';
import { refuseUnfit } from './file-backing.js';
import { type LoopFile, openLoopFile } from './loop-file.js';
import { allocateArea, checkRoom, type Part } from './room.js';

const SECTOR = 512n;

const LOCK_MILLISECONDS = 10_000;
const LOCK_PAUSE = 20;

/**
 * A block device, claimed for us alone until it is attached.
 *
 * @param force also over a file that {@link refuseUnfit} refuses
 */
export function openDeviceBacking(kernel: Kernel, path: string, force: boolean): SwapBacking {
  const pin = openGivenFile(backingFile(path));
  let exclusive: number | undefined;
  let below: LoopFile | undefined;
  const close = (): void => {
    if (exclusive !== undefined) closeSync(exclusive);
    if (below !== undefined) closeSync(below.fd);
    closeSync(pin);
  };
  try {
    const stats = fstatSync(pin, { bigint: true });
    lockDevice(kernel, path, pin);
    exclusive = openExclusively(kernel, path, stats);
    if (!stats.isBlockDevice() || stats.rdev !== fstatSync(exclusive, { bigint: true }).rdev)
      throw refused('backing-replaced', path, 'somebody replaced it meanwhile', 'try again');
    refuseLoops(kernel, path, stats);
    refuseRangeLocks(kernel, path, pin, stats);
    const { bytes, blockSize, readOnly } = readBlockDevice(kernel, pin);
    if (readOnly) throw readOnlyError(path);
    below = openLoopFile(kernel, stats.rdev);
    if (below !== undefined && !force) refuseUnfit(kernel, below.path, below.fd);
    const ofFile = (use: (kernel: Kernel, part: Part) => void) => (area: SwapArea) => {
      if (below === undefined) return;
      use(kernel, { ...below, area: { ...area, start: area.start + below.start / SECTOR }, force });
    };
    return {
      fd: pin,
      isFile: false,
      bytes,
      blockSize,
      checkRoom: ofFile(checkRoom),
      reserve: ofFile(allocateArea),
      flush: () => flushBlockDevice(kernel, pin),
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
function lockDevice(kernel: Kernel, path: string, fd: number): void {
  const limit = performance.now() + LOCK_MILLISECONDS;
  while (resultName(kernel.call(`flock ${path}`, () => shim.lock(fd))) === 'EAGAIN') {
    if (performance.now() > limit)
      throw inUse(path, 'another process has it locked', '"lslocks" shows which');
    kernel.pause(LOCK_PAUSE);
  }
}

/** After swapoff the kernel takes a moment to destroy what was on it, and as long as udev has it open. */
function openExclusively(kernel: Kernel, path: string, seen: BigIntStats): number {
  const device = formatDeviceNumber(decodeLibcDevice(seen.rdev));
  const file = backingFile(path);
  let fd = -1;
  const attempt = (): boolean => {
    fd = kernel.call(`open ${path} exclusively`, () => openSync(path, file.flags | constants.O_EXCL));
    if (fd < 0 && resultName(fd) !== 'EBUSY') throw cannot(file, 'write', describeErrno(-fd));
    return fd >= 0;
  };
  if (retryWhileLeaving(kernel, attempt, () => isLeaving(device))) return fd;
  throw held(path, seen);
}

/** A loop device claims nothing of the block device that it is on, whatever is mounted from it. */
function refuseLoops(kernel: Kernel, path: string, stats: BigIntStats): void {
  const loop = findSettled(kernel, () => loopsOf(kernel, stats)[0]);
  if (loop !== undefined) throw hasLoop(path, loop);
}

/** As QEMU locks what it uses. They belong to the node: a user of another node of the same device is not seen. */
function refuseRangeLocks(kernel: Kernel, path: string, fd: number, stats: BigIntStats): void {
  if (kernel.call(`F_OFD_GETLK ${path}`, () => shim.isRangeLocked(fd)) <= 0) return;
  throw inUse(path, lockedWords('a part of it', openersOf(path, stats)), 'end that first');
}

function held(path: string, { rdev }: BigIntStats): Error {
  return inUse(
    path,
    `it is in use: ${claimantsOf(decodeLibcDevice(rdev))}`,
    'end that first; "lsblk" shows what stands on what',
  );
}

function readOnlyError(path: string): Error {
  const hint = 'swap is written to; "blockdev --setrw" where the device can be';
  return refused('backing-unusable', path, 'it is read-only', hint, 'EROFS');
}
