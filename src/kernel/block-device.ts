/**
 * Block devices: their numbers and sequence numbers, their sizes, their nodes, their places on disks; what is written to one.
 *
 * @module
 */
import { type BigIntStats, readFileSync, writeSync } from 'node:fs';
import { type DeviceNumber, decodeLibcDevice, formatDeviceNumber } from '../dm/device-number.js';
import type { Kernel } from './kernel.js';
import { numbersOf } from './layout.js';
import { readIfThere } from './pseudo-files.js';
import { shim } from './shim.js';
import { statIfThere } from './stat.js';

/** linux/fs.h */
const BLKROGET = 0x125e;
const BLKFLSBUF = 0x1261;
const BLKSSZGET = 0x1268;
/** `_IOR(0x12, 128, __u64)`, Linux 5.15. */
const BLKGETDISKSEQ = 0x80081280;
/** Has the size of a word in its number. */
const ioctls = numbersOf('ioctl', ['BLKGETSIZE64']);

export interface BlockDeviceFacts {
  readonly bytes: bigint;
  /** Bytes of a logical block: the smallest that can be written. */
  readonly blockSize: number;
  readonly readOnly: boolean;
}

/** @throws DmfdError `kernel` */
export function readBlockDevice(kernel: Kernel, fd: number): BlockDeviceFacts {
  const ask = (operation: string, request: number): Buffer => {
    const answer = Buffer.alloc(8);
    kernel.must(operation, () => shim.ioctl(fd, request, answer));
    return answer;
  };
  return {
    bytes: ask('BLKGETSIZE64', ioctls().BLKGETSIZE64).readBigUInt64LE(),
    blockSize: ask('BLKSSZGET', BLKSSZGET).readInt32LE(),
    readOnly: ask('BLKROGET', BLKROGET).readInt32LE() !== 0,
  };
}

/** Writes all of the bytes, from that byte of it on, which Node wants below 2^53. Returns how many there are. */
export function writeAll(fd: number, bytes: Buffer, from: bigint): number {
  for (let at = 0; at < bytes.length; )
    at += writeSync(fd, bytes, at, bytes.length - at, Number(from + BigInt(at)));
  return bytes.length;
}

/** Writes out what of it is in the page cache, and forgets it: for what is written to it in another way afterwards. */
export function flushBlockDevice(kernel: Kernel, fd: number): void {
  kernel.call('BLKFLSBUF', () => shim.ioctlValue(fd, BLKFLSBUF, 0));
}

/** The disk sequence number of an open block device; 0 where the kernel has none. */
export function readDiskseq(kernel: Kernel, fd: number): bigint {
  const value = Buffer.alloc(8);
  const result = kernel.call('BLKGETDISKSEQ', () => shim.ioctl(fd, BLKGETDISKSEQ, value));
  return result < 0 ? 0n : value.readBigUInt64LE();
}

/** The sequence number in /sys of the device that has this number now; undefined when there is none, or no /sys. */
export function diskseqInSys(dev: DeviceNumber): bigint | undefined {
  return numberInSys(dev, 'diskseq');
}

/** Sectors of 512 bytes, as {@link diskseqInSys}. */
export function sizeInSys(dev: DeviceNumber): bigint | undefined {
  return numberInSys(dev, 'size');
}

function numberInSys(dev: DeviceNumber, attribute: string): bigint | undefined {
  try {
    return BigInt(readFileSync(`/sys/dev/block/${formatDeviceNumber(dev)}/${attribute}`, 'ascii').trim());
  } catch {
    return undefined;
  }
}

/** A part of a disk, in bytes: from where, and up to where. */
export interface DiskPlace {
  /** MAJ:MIN */
  readonly disk: string;
  readonly start: bigint;
  readonly end: bigint;
}

const SECTOR = 512n;
/** No disk is longer. */
const NO_END = 1n << 64n;

/**
 * Where on its disk a block device lies that is a partition; any other, and each where /sys is not mounted, is a disk of its own.
 *
 * @param rdev as stat(2) has it
 */
export function placeOnDisk(rdev: bigint): DiskPlace {
  const dev = decodeLibcDevice(rdev);
  const own = formatDeviceNumber(dev);
  // Only a partition has one.
  const start = numberInSys(dev, 'start');
  if (start === undefined) return { disk: own, start: 0n, end: NO_END };
  const disk = readIfThere(`/sys/dev/block/${own}/../dev`).trim();
  return { disk, start: start * SECTOR, end: (start + (sizeInSys(dev) ?? 0n)) * SECTOR };
}

/** Whether two places have a byte in common. */
export function haveCommonBytes(one: DiskPlace, other: DiskPlace): boolean {
  return one.disk === other.disk && one.start < other.end && other.start < one.end;
}

/** Whether a file is a block device with that number; undefined is a file that is not there. */
export function isBlockNode(stats: BigIntStats | undefined, dev: DeviceNumber): boolean {
  if (stats === undefined || !stats.isBlockDevice()) return false;
  const { major, minor } = decodeLibcDevice(stats.rdev);
  return major === dev.major && minor === dev.minor;
}

/** The device whose node stands at a path; undefined for anything else, and for what cannot be looked at. */
export function blockDeviceAt(path: string): DeviceNumber | undefined {
  const stats = statIfThere(path);
  return stats?.isBlockDevice() ? decodeLibcDevice(stats.rdev) : undefined;
}

/** When the node at a path was made; undefined where its file system does not tell. */
export function nodeMadeAt(path: string): Date | undefined {
  const made = statIfThere(path)?.birthtimeMs ?? 0n;
  return made > 0n ? new Date(Number(made)) : undefined;
}

/** As {@link isBlockNode}, of a path; false for one that cannot be looked at. */
export function isBlockNodeAt(path: string, dev: DeviceNumber): boolean {
  return isBlockNode(statIfThere(path), dev);
}
