import { closeSync, constants, fstatSync } from 'node:fs';
import {
  type Extent,
  findPartition,
  type KernelPartition,
  kernelPartition,
  nodeOfPartition,
} from '../backing/partition.js';
import { resolveTag } from '../backing/tag.js';
import { decodeLibcDevice, formatDeviceNumber } from '../dm/device-number.js';
import { DmfdError } from '../errors.js';
import { openGivenFile } from '../kernel/given-file.js';
import type { Kernel } from '../kernel/kernel.js';
import { shim } from '../kernel/shim.js';
import { backingFile, subjectOf } from './backing.js';
import type { CheckedSwap } from './request.js';

const SECTOR = 512n;

/** A request whose tag is a path, and whose partition a part of it. */
export interface ResolvedSwap extends CheckedSwap {
  readonly partition: undefined;
  /** The partition, which has no device of its own: what is beside it, as the table that it stands in, is not overwritten. */
  readonly within?: Extent;
}

/**
 * Finds the device that a tag names, and the partition, by its own device where the kernel has one.
 *
 * @throws DmfdError `usage` when there is none, more than one, or one that is too short
 */
export function resolveSwap(kernel: Kernel, request: CheckedSwap): ResolvedSwap {
  const backing = resolveTag(kernel, request.backing);
  const { partition: wanted, offset, size } = request;
  if (wanted === undefined) return { ...request, backing, partition: undefined };
  const fd = openGivenFile({
    ...backingFile(backing),
    flags: constants.O_RDONLY | constants.O_NONBLOCK,
    use: 'read',
  });
  try {
    const partition = findPartition(kernel, subjectOf(backing), fd, wanted, undefined);
    const stats = fstatSync(fd, { bigint: true });
    const own = stats.isBlockDevice() ? kernelPartition(decodeLibcDevice(stats.rdev), partition) : undefined;
    if (own !== undefined) {
      const node = nodeOfPartition(own);
      if (node === undefined) throw wrongNode(own, `partition ${partition.number} of ${subjectOf(backing)}`);
      return { ...request, backing: node, partition: undefined };
    }
    const rest = partition.size / SECTOR - offset;
    if ((size ?? 1n) > rest) {
      const asked = size === undefined ? `offset of ${offset} sectors` : `size of ${size} sectors`;
      const there = size === undefined ? partition.size / SECTOR : rest;
      throw new DmfdError(
        'area-unusable',
        `${asked}: partition ${partition.number} of ${subjectOf(backing)} has only ${there}`,
      );
    }
    const page = BigInt(shim.pageSize()) / SECTOR;
    return {
      ...request,
      backing,
      partition: undefined,
      within: partition,
      offset: partition.start / SECTOR + offset,
      size: size ?? rest - (rest % page),
    };
  } finally {
    closeSync(fd);
  }
}

function wrongNode(partition: KernelPartition, subject: string): DmfdError {
  return new DmfdError(
    'node-missing',
    `${subject}: ${partition.node} is not its node (${formatDeviceNumber(partition)})`,
    {
      operation: `open ${partition.node}`,
      errno: 'ENOENT',
      hint: 'mount devtmpfs on /dev, or make the node',
    },
  );
}
