import { type BigIntStats, closeSync, constants, fstatSync } from 'node:fs';
import { type DeviceNumber, decodeLibcDevice, formatDeviceNumber } from '../dm/device-number.js';
import { DmfdError, type ErrorCode } from '../errors.js';
import { readBlockDevice } from '../kernel/block-device.js';
import type { Errno } from '../kernel/errno.js';
import { type GivenFile, openGivenFile } from '../kernel/given-file.js';
import type { Kernel } from '../kernel/kernel.js';
import { statIfThere } from '../kernel/stat.js';
import { type Extent, findPartition, kernelPartition, nodeOfPartition } from './partition.js';
import type { Backing } from './request.js';
import { resolveTag } from './tag.js';

const SECTOR = 512n;

/** How a backing is opened, and spoken of. */
export interface Purpose {
  /** How messages name it: `loop file "disk.img"`. */
  readonly subject: string;
  /** Of an error that says that it cannot be used at all. */
  readonly code: ErrorCode;
  /** It is only read, whatever the backing says. */
  readonly readOnly: boolean;
  /** A block device goes through a loop device, too. */
  readonly alwaysLoop: boolean;
}

/** A backing, open; its descriptor pins the number of a block device. */
export interface OpenBacking {
  readonly fd: number;
  /** A tag is resolved. */
  readonly path: string;
  /** Of a block device. */
  readonly device: DeviceNumber | undefined;
  /** Two backings of one identity are the same file or device. */
  readonly identity: string;
  /**
   * A path, valid as long as the descriptor is open, of the block device that should be unused: a partition's own where the
   * kernel has one, for what else is on its disk may be in use. undefined of a file.
   */
  readonly alone: string | undefined;
  /** Where it begins, in bytes from the start of what the descriptor is of. */
  readonly start: bigint;
  /** The same, from the start of `device`, which may be a partition of the descriptor's disk. */
  readonly deviceStart: bigint;
  /** A multiple of 512. */
  readonly bytes: bigint;
  /** It reaches to the end of `device`, or of the file, but for less than a sector. */
  readonly toEnd: boolean;
  /** The whole that it is a part of: the partition, or else all of the file or device, in bytes. */
  readonly whole: Extent;
  /** Bytes of the smallest block of a block device; of a file, 512. */
  readonly blockSize: number;
  readonly readOnly: boolean;
  readonly warning: string | undefined;
}

/**
 * Opens what a backing names, and finds out where it begins and how long it is. The caller closes the descriptor.
 *
 * @throws DmfdError `usage` for what is no file or device, is empty or too short, or may not be opened that way
 */
export function openBacking(kernel: Kernel, backing: Backing, purpose: Purpose): OpenBacking {
  const path = resolveTag(kernel, backing.path);
  const readOnly = purpose.readOnly || backing.readOnly === true;
  // A block device that a table names is opened by the kernel, as the table is. What is wrong with another, the opener says.
  const forWriting = !readOnly && (purpose.alwaysLoop || !statIfThere(path)?.isBlockDevice());
  const file: GivenFile = {
    subject: purpose.subject,
    path,
    flags: (forWriting ? constants.O_RDWR : constants.O_RDONLY) | constants.O_NONBLOCK,
    use: forWriting ? 'write' : 'read',
    kinds: ['a file', 'a block device'],
    code: purpose.code,
    explain,
  };
  const fd = openGivenFile(file);
  try {
    return { ...measure(kernel, backing, { ...purpose, readOnly }, fd), fd, path, readOnly };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** linux/fcntl.h, on all architectures that dmfd runs on. */
const O_PATH = 0o10000000;

/**
 * A descriptor of the file or block device that a path leads to now, by which nothing of it is opened: /proc/self/fd/N is that one
 * then, whatever becomes of the path. Who asked for it closes it.
 *
 * @throws DmfdError `usage` for what is neither
 */
export function pinBacking(path: string, subject: string): number {
  return openGivenFile({
    subject,
    path,
    flags: O_PATH,
    use: 'read',
    kinds: ['a file', 'a block device'],
    code: 'backing-unusable',
    explain,
  });
}

const READ_ONLY_HINT = 'use `readOnly` for a device that is only read';
const WRITE_REFUSED: readonly string[] = ['EACCES', 'EPERM', 'EROFS', 'ETXTBSY'];

function explain({ name }: Errno, action: string): ReturnType<NonNullable<GivenFile['explain']>> {
  if (name === 'ENOENT') return { hint: 'check the name, or make the file: truncate -s 64M FILE' };
  if (action === 'write' && WRITE_REFUSED.includes(name))
    return { code: 'loop-file-not-writable', hint: READ_ONLY_HINT };
  return {};
}

type Measures = Omit<OpenBacking, 'fd' | 'path' | 'readOnly'>;

function measure(kernel: Kernel, backing: Backing, purpose: Purpose, fd: number): Measures {
  const stats = fstatSync(fd, { bigint: true });
  return stats.isBlockDevice()
    ? measureDevice(kernel, backing, purpose, fd, decodeLibcDevice(stats.rdev))
    : measureFile(kernel, backing, purpose, fd, stats);
}

function measureFile(
  kernel: Kernel,
  backing: Backing,
  { subject }: Purpose,
  fd: number,
  { size, dev, ino }: BigIntStats,
): Measures {
  checkFileSize(subject, backing.path, size);
  const partition = partitionOf(kernel, backing, subject, fd, size, backing.sectorSize);
  const { offset, ...area } = areaOf(backing, subject, partition.size);
  const start = partition.start + offset;
  return {
    device: undefined,
    identity: `file ${dev}:${ino}`,
    alone: undefined,
    start,
    deviceStart: start,
    blockSize: Number(SECTOR),
    toEnd: start + area.bytes + SECTOR > size,
    whole: partition,
    ...area,
  };
}

function measureDevice(
  kernel: Kernel,
  backing: Backing,
  { subject, readOnly, alwaysLoop }: Purpose,
  fd: number,
  disk: DeviceNumber,
): Measures {
  const { bytes, blockSize, readOnly: isReadOnly } = readBlockDevice(kernel, fd);
  if (isReadOnly && !readOnly) {
    throw new DmfdError('loop-file-not-writable', `${subject}: the device is read-only`, {
      hint: READ_ONLY_HINT,
    });
  }
  const partition = partitionOf(kernel, backing, subject, fd, bytes);
  const ofKernel = backing.partition === undefined ? undefined : kernelPartition(disk, partition);
  const own = alwaysLoop ? undefined : ofKernel;
  const device = own ?? disk;
  const { offset, ...area } = areaOf(backing, subject, partition.size);
  const start = partition.start + offset;
  const deviceStart = own === undefined ? start : offset;
  return {
    device,
    identity: `device ${formatDeviceNumber(device)}`,
    alone: (ofKernel && nodeOfPartition(ofKernel)) ?? `/proc/self/fd/${fd}`,
    start,
    deviceStart,
    blockSize,
    toEnd: deviceStart + area.bytes + SECTOR > (own === undefined ? bytes : partition.size),
    whole: partition,
    ...area,
  };
}

/**
 * A descriptor that a loop device can write through, of a block device that was only pinned. The caller closes it.
 *
 * @throws DmfdError `usage`
 */
export function openForWriting({ fd, path }: Pick<OpenBacking, 'fd' | 'path'>, subject: string): number {
  return openGivenFile({
    subject,
    path: `/proc/self/fd/${fd}`,
    flags: constants.O_RDWR | constants.O_NONBLOCK,
    use: 'write',
    code: 'backing-unusable',
    explain: (errno, action) => ({ hint: `open ${path}`, ...explain(errno, action) }),
  });
}

function checkFileSize(subject: string, path: string, bytes: bigint): void {
  if (bytes === 0n) {
    throw new DmfdError('loop-file-unusable', `${subject}: it is empty`, {
      hint: `give it a size first: truncate -s 64M ${path}`,
    });
  }
  if (bytes >= SECTOR) return;
  throw new DmfdError('loop-file-unusable', `${subject}: ${bytes} bytes, less than one sector of ${SECTOR}`);
}

/** @param sectorSize of an image, where that is told; a disk has its own */
function partitionOf(
  kernel: Kernel,
  backing: Backing,
  subject: string,
  fd: number,
  total: bigint,
  sectorSize?: number,
): Extent {
  if (backing.partition === undefined) return { start: 0n, size: total };
  const found = findPartition(kernel, subject, fd, backing.partition, sectorSize);
  if (found.start + found.size <= total) return found;
  throw unusable(
    `${subject}: partition ${found.number} ends at byte ${found.start + found.size}, and there are only ${total}`,
    'the image was cut short, or its table is of another disk',
  );
}

/** Offset and size in what there is, all in bytes, in whole sectors of the device. @throws DmfdError `usage` when they do not fit */
export function areaOf(
  { offset = 0n, size, sectorSize }: Backing,
  subject: string,
  there: bigint,
): { readonly offset: bigint; readonly bytes: bigint; readonly warning: string | undefined } {
  if (there === 0n)
    throw unusable(`${subject}: it has no size`, 'nothing is attached to it, or no medium is in it');
  if (offset >= there)
    throw unusable(`${subject}: the offset is ${offset} bytes, and there are only ${there}`);
  const rest = there - offset;
  if (size !== undefined && size > rest) {
    const from = offset === 0n ? '' : ` from the offset on`;
    throw unusable(`${subject}: the size is ${size} bytes, and there are only ${rest}${from}`);
  }
  // Of a size that was given it has been checked.
  const sector = BigInt(sectorSize ?? SECTOR);
  const left = size === undefined ? rest % sector : 0n;
  const bytes = size ?? rest - left;
  if (bytes < sector) throw unusable(`${subject}: ${rest} bytes, less than one sector of ${sector}`);
  const warning =
    left === 0n
      ? undefined
      : `${subject}: its ${rest} bytes are no multiple of ${sector}; the last ${left} are left out`;
  return { offset, bytes, warning };
}

function unusable(message: string, hint?: string): DmfdError {
  return new DmfdError('area-unusable', message, { hint });
}
