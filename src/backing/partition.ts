import { type DeviceNumber, formatDeviceNumber, parseDeviceNumber } from '../dm/device-number.js';
import { DmfdError } from '../errors.js';
import { isBlockNodeAt } from '../kernel/block-device.js';
import type { Kernel } from '../kernel/kernel.js';
import { runProgram } from '../kernel/program.js';
import { listIfThere, readIfThere } from '../kernel/pseudo-files.js';
import { parsePairs } from './pairs.js';

const SECTOR = 512n;

/** A part of a disk, in bytes. */
export interface Extent {
  readonly start: bigint;
  readonly size: bigint;
}

/** One that a partition table tells of. */
export interface Partition extends Extent {
  readonly number: number;
  /** Of a GPT; empty where there is none. */
  readonly label: string;
  /** PARTUUID. */
  readonly uuid: string;
}

/**
 * Finds a partition of an open disk or image, as libblkid reads its table (GPT, MBR with logical ones, …).
 *
 * @param subject names the disk in messages
 * @param sectorSize of an image, where that is known
 * @throws DmfdError `usage` when there is none, or more than one
 */
export function findPartition(
  kernel: Kernel,
  subject: string,
  fd: number,
  wanted: number | string,
  sectorSize: number | undefined,
): Partition {
  const partitions = readPartitions(kernel, subject, fd, sectorSize);
  const found = partitions.filter((partition) => isWanted(partition, wanted));
  const [partition, another] = found;
  const name = typeof wanted === 'number' ? `partition ${wanted}` : `partition ${JSON.stringify(wanted)}`;
  if (partition === undefined) {
    throw unusable(`${subject}: it has no ${name}`, `it has ${partitions.map(describe).join(', ')}`);
  }
  if (another !== undefined) {
    const numbers = found.map(({ number }) => number).join(' and ');
    throw unusable(
      `${subject}: partitions ${numbers} are both labelled ${JSON.stringify(wanted)}`,
      'give the number',
    );
  }
  return partition;
}

function isWanted({ number, label, uuid }: Partition, wanted: number | string): boolean {
  if (typeof wanted === 'number') return number === wanted;
  return label === wanted || uuid.toLowerCase() === wanted.toLowerCase();
}

function describe({ number, label }: Partition): string {
  return label === '' ? `${number}` : `${number} (${JSON.stringify(label)})`;
}

/**
 * An image tells nowhere how large its sectors are: what is said comes first, then 512, then 4096. A GPT is found by its own size
 * alone, but an MBR by any, and counts by it, as the kernel would.
 */
function readPartitions(
  kernel: Kernel,
  subject: string,
  fd: number,
  sectorSize: number | undefined,
): Partition[] {
  for (const size of new Set([sectorSize, undefined, 4096])) {
    const partitions = partx(kernel, fd, size);
    if (partitions.length > 0) return partitions;
  }
  throw unusable(`${subject}: no partition table is found in it`, '"fdisk -l" shows what it has');
}

/** @param sectorSize default: that of the disk; of an image, 512 */
function partx(kernel: Kernel, fd: number, sectorSize?: number): Partition[] {
  const size = sectorSize === undefined ? [] : ['-S', String(sectorSize)];
  const columns = 'NR,START,SECTORS,NAME,UUID';
  let output = '';
  kernel.call('partx --pairs', () => {
    const words = ['--pairs', '--bytes', ...size, '--output', columns, '/proc/self/fd/3'];
    const { status, stdout } = runProgram('partx', words, fd);
    output = status === 0 ? stdout : '';
    return 0;
  });
  return parsePartitions(output);
}

/** The kernel's own device of a partition. */
export interface KernelPartition extends DeviceNumber {
  /** Where /dev should have it. */
  readonly node: string;
}

/** The kernel's own device of a partition: what else is on the disk can be in use then. undefined where it has none. */
export function kernelPartition(disk: DeviceNumber, { start, size }: Extent): KernelPartition | undefined {
  const directory = `/sys/dev/block/${formatDeviceNumber(disk)}`;
  for (const name of listIfThere(directory)) {
    const attribute = (what: string) => readIfThere(`${directory}/${name}/${what}`).trim();
    if (attribute('partition') === '') continue;
    if (attribute('start') !== String(start / SECTOR) || attribute('size') !== String(size / SECTOR))
      continue;
    const number = parseDeviceNumber(attribute('dev'));
    // As the kernel names a node in a folder.
    if (number !== undefined) return { ...number, node: `/dev/${name.replaceAll('!', '/')}` };
  }
  return undefined;
}

/** Its node; undefined where /dev has none there or, being a copy, another device's, which must not be opened for it. */
export function nodeOfPartition(partition: KernelPartition): string | undefined {
  return isBlockNodeAt(partition.node, partition) ? partition.node : undefined;
}

/** The output of partx. */
export function parsePartitions(output: string): Partition[] {
  return output
    .split('\n')
    .map(parsePairs)
    .filter((pairs) => /^\d+$/.test(pairs.get('NR') ?? ''))
    .map((pairs) => ({
      number: Number(pairs.get('NR')),
      start: BigInt(pairs.get('START') ?? 0) * SECTOR,
      size: BigInt(pairs.get('SECTORS') ?? 0) * SECTOR,
      label: pairs.get('NAME') ?? '',
      uuid: pairs.get('UUID') ?? '',
    }));
}

function unusable(message: string, hint: string): DmfdError {
  return new DmfdError('backing-unusable', message, { hint });
}
