import { type BigIntStats, fstatSync, statfsSync } from 'node:fs';
import { DmfdError } from '../errors.js';
import { describeErrno, resultName } from '../kernel/errno.js';
import type { Kernel } from '../kernel/kernel.js';
import { numbersOf } from '../kernel/layout.js';
import { shim } from '../kernel/shim.js';
import type { SwapArea } from './area.js';
import { subjectOf } from './backing.js';
import { refuseShared } from './copy-on-write.js';
import { type Allocation, allocationOf } from './extents.js';

const rangeAt = numbersOf('range', ['bytes', 'start', 'length']);

const SECTOR = 512n;

/** A file that is to become swap, and which part. */
export interface Part {
  readonly path: string;
  readonly fd: number;
  readonly area: Pick<SwapArea, 'start' | 'sectors'>;
  /** Also what is written to another place than it has. */
  readonly force: boolean;
}

/**
 * A hole has no place on the disk yet: swapping out would fail when the file system is full by then. Refuses holes that the file
 * system has not the space for now, and what it writes to another place.
 *
 * @throws DmfdError `usage` with the numbers
 */
export function checkRoom(kernel: Kernel, part: Part): void {
  const allocation = askAllocation(kernel, part);
  if (!part.force) refuseShared(part.path, allocation);
  const missing = holesIn(part, allocation) ?? leastHolesIn(part);
  const free = freeBytes(part.fd);
  if (missing > free) throw noRoom(part.path, missing, free);
}

/**
 * Has the file system fill the holes.
 *
 * @throws DmfdError `usage` where it has no space for them, or cannot fill them
 */
export function allocateArea(kernel: Kernel, part: Part): void {
  const { path, fd, area } = part;
  checkRoom(kernel, part);
  const at = rangeAt();
  const range = Buffer.alloc(at.bytes);
  range.writeBigInt64LE(area.start * SECTOR, at.start);
  range.writeBigInt64LE(area.sectors * SECTOR, at.length);
  const operation = `fallocate ${path}`;
  const result = kernel.call(operation, () => shim.allocate(fd, range));
  if (result >= 0) return;
  const stats = fstatSync(fd, { bigint: true });
  const holes = holesIn(part, askAllocation(kernel, part)) ?? stats.size - allocated(stats);
  switch (resultName(result)) {
    case 'ENOSPC':
    case 'EDQUOT':
      throw noRoom(path, holes, freeBytes(fd));
    case 'EOPNOTSUPP':
    case 'ENOSYS':
      if (holes <= 0n) return;
      throw unusable(
        path,
        `it has holes, and its file system cannot fill them (${describeErrno(-result).words})`,
        `write it full: dd if=/dev/zero of=${path} bs=1M conv=notrunc count=${(stats.size + 1_048_575n) / 1_048_576n}`,
      );
    default:
      throw kernel.failure(operation, result, { code: 'backing-unusable', subject: subjectOf(path) });
  }
}

/** Of the area; undefined where the file system does not tell. */
function askAllocation(kernel: Kernel, { path, fd, area }: Part): Allocation | undefined {
  return allocationOf(kernel, path, fd, { start: area.start * SECTOR, length: area.sectors * SECTOR });
}

/** Bytes of the area that have no place on the disk. */
function holesIn({ area }: Part, allocation: Allocation | undefined): bigint | undefined {
  return allocation && area.sectors * SECTOR - allocation.allocated;
}

/** How many there are in any case, of what is allocated to the file as a whole. */
function leastHolesIn({ fd, area }: Part): bigint {
  return area.sectors * SECTOR - allocated(fstatSync(fd, { bigint: true }));
}

function allocated({ blocks }: BigIntStats): bigint {
  return blocks * SECTOR;
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
