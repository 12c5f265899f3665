import type { Kernel } from '../kernel/kernel.js';
import { numbersOf } from '../kernel/layout.js';
import { shim } from '../kernel/shim.js';

const ioctls = numbersOf('ioctl', ['FS_IOC_FIEMAP']);

/** `struct fiemap` and its extents (linux/fiemap.h); native-shims/layout.c asserts the layout. */
const HEADER = 32;
const LENGTH_AT = 8;
const FLAGS_AT = 16;
const MAPPED_AT = 20;
const ROOM_AT = 24;
const EXTENT = 56;
const EXTENT_LENGTH_AT = 16;
const EXTENT_FLAGS_AT = 40;
/** What is only in memory yet is given its place first. */
const FLAG_SYNC = 1;
const EXTENT_LAST = 1;
const EXTENT_SHARED = 0x2000;
/** Extents asked for at once. */
const ROOM = 256;

/** What of a stretch of a file has its place on the disk, in bytes. */
export interface Allocation {
  readonly allocated: bigint;
  /** Of it, what another file, or a snapshot, has, too: the first write goes to another place. */
  readonly shared: bigint;
}

/** A stretch of a file, in bytes. */
interface Stretch {
  readonly start: bigint;
  readonly length: bigint;
}

/** Asks the file system where a stretch of a file lies; undefined where it does not tell. */
export function allocationOf(
  kernel: Kernel,
  path: string,
  fd: number,
  { start, length }: Stretch,
): Allocation | undefined {
  const end = start + length;
  const buffer = Buffer.alloc(HEADER + ROOM * EXTENT);
  let allocated = 0n;
  let shared = 0n;
  for (let from = start; from < end; ) {
    buffer.fill(0);
    buffer.writeBigUInt64LE(from, 0);
    buffer.writeBigUInt64LE(end - from, LENGTH_AT);
    buffer.writeUInt32LE(FLAG_SYNC, FLAGS_AT);
    buffer.writeUInt32LE(ROOM, ROOM_AT);
    const result = kernel.call(`FS_IOC_FIEMAP ${path}`, () => shim.ioctl(fd, ioctls().FS_IOC_FIEMAP, buffer));
    if (result < 0) return undefined;
    const extents = decodeExtents(buffer);
    for (const extent of extents) {
      const bytes = overlap(extent, from, end);
      allocated += bytes;
      if ((extent.flags & EXTENT_SHARED) !== 0) shared += bytes;
    }
    const last = extents.at(-1);
    if (last === undefined || last.end <= from || (last.flags & EXTENT_LAST) !== 0) break;
    from = last.end;
  }
  return { allocated, shared };
}

interface Extent {
  readonly start: bigint;
  readonly end: bigint;
  readonly flags: number;
}

function decodeExtents(buffer: Buffer): Extent[] {
  const count = Math.min(buffer.readUInt32LE(MAPPED_AT), ROOM);
  return Array.from({ length: count }, (_, index) => {
    const at = HEADER + index * EXTENT;
    const start = buffer.readBigUInt64LE(at);
    return {
      start,
      end: start + buffer.readBigUInt64LE(at + EXTENT_LENGTH_AT),
      flags: buffer.readUInt32LE(at + EXTENT_FLAGS_AT),
    };
  });
}

function overlap({ start, end }: Extent, from: bigint, to: bigint): bigint {
  const first = start > from ? start : from;
  const last = end < to ? end : to;
  return last > first ? last - first : 0n;
}
