import { type BigIntStats, fstatSync, statfsSync } from 'node:fs';
import { DmfdError } from '../errors.js';
import { describeErrno, resultName } from '../kernel/errno.js';
import type { Kernel } from '../kernel/kernel.js';
import { numbersOf } from '../kernel/layout.js';
import { shim } from '../kernel/shim.js';
import type { SwapArea } from './area.js';
import { refused, subjectOf } from './backing.js';

const rangeAt = numbersOf('range', ['bytes', 'start', 'length']);
/** Has the size of a word in its number. */
const ioctls = numbersOf('ioctl', ['FS_IOC_GETFLAGS']);

/** A file that is to become swap, and which part. */
interface Part {
  readonly path: string;
  readonly fd: number;
  readonly area: Pick<SwapArea, 'start' | 'sectors'>;
}

/**
 * A hole has no place on the disk yet: swapping out would fail when the file system is full by then. Refuses holes that the file
 * system has not the space for now.
 *
 * @throws DmfdError `usage` with the numbers
 */
export function checkRoom({ path, fd, area }: Part): void {
  const missing = area.sectors * 512n - allocated(fstatSync(fd, { bigint: true }));
  const free = freeBytes(fd);
  if (missing > free) throw noRoom(path, missing, free);
}

/**
 * Has the file system fill the holes.
 *
 * @throws DmfdError `usage` where it has no space for them, or cannot fill them
 */
export function allocateArea(kernel: Kernel, part: Part): void {
  const { path, fd, area } = part;
  checkRoom(part);
  const at = rangeAt();
  const range = Buffer.alloc(at.bytes);
  range.writeBigInt64LE(area.start * 512n, at.start);
  range.writeBigInt64LE(area.sectors * 512n, at.length);
  const operation = `fallocate ${path}`;
  const result = kernel.call(operation, () => shim.allocate(fd, range));
  if (result >= 0) return;
  const stats = fstatSync(fd, { bigint: true });
  switch (resultName(result)) {
    case 'ENOSPC':
    case 'EDQUOT':
      throw noRoom(path, stats.size - allocated(stats), freeBytes(fd));
    case 'EOPNOTSUPP':
    case 'ENOSYS':
      if (allocated(stats) >= stats.size) return;
      throw unusable(
        path,
        `it has holes, and its file system cannot fill them (${describeErrno(-result).words})`,
        `write it full: dd if=/dev/zero of=${path} bs=1M conv=notrunc count=${(stats.size + 1_048_575n) / 1_048_576n}`,
      );
    default:
      throw kernel.failure(operation, result, { code: 'backing-unusable', subject: subjectOf(path) });
  }
}

/** linux/magic.h, linux/fs.h. */
const BTRFS = 0x9123683en;
const FS_NOCOW_FL = 0x00800000;

/**
 * btrfs writes what was written before to another place, for which there may be none: its full file system is met even without
 * holes. Files with the attribute C are written in place.
 *
 * @throws DmfdError `usage`
 */
export function refuseCopyOnWrite(kernel: Kernel, path: string, fd: number): void {
  // Signed on a 32-bit machine.
  if (BigInt.asUintN(32, statfsSync(`/proc/self/fd/${fd}`, { bigint: true }).type) !== BTRFS) return;
  const flags = Buffer.alloc(8);
  const result = kernel.call(`FS_IOC_GETFLAGS ${path}`, () =>
    shim.ioctl(fd, ioctls().FS_IOC_GETFLAGS, flags),
  );
  if (result >= 0 && (flags.readUInt32LE() & FS_NOCOW_FL) !== 0) return;
  throw refused(
    'backing-copied-on-write',
    path,
    'btrfs writes it to another place each time, for which there may be no room',
    'rm FILE; touch FILE; chattr +C FILE; fallocate -l SIZE FILE; or use it as it is, with `force`',
  );
}

function allocated({ blocks }: BigIntStats): bigint {
  return blocks * 512n;
}

/** Free bytes, those reserved for root included. */
function freeBytes(fd: number): bigint {
  const { bfree, bsize } = statfsSync(`/proc/self/fd/${fd}`, { bigint: true });
  return bfree * bsize;
}

function noRoom(path: string, missing: bigint, free: bigint): DmfdError {
  return unusable(
    path,
    `${missing} bytes of it are holes, and its file system has only ${free} bytes free`,
    'make room, or use less of it: swapping out must not meet a full file system',
  );
}

function unusable(path: string, why: string, hint: string): DmfdError {
  return new DmfdError('backing-unusable', `${subjectOf(path)}: ${why}`, {
    operation: `fallocate ${path}`,
    errno: 'ENOSPC',
    hint,
  });
}
