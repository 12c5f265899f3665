import { DmfdError } from '../errors.js';
import { checkProperties, copyOf, TYPES, type Type } from '../properties.js';

/** The place of data: all of a file or block device, or a part of it. */
export interface Backing {
  /**
   * A file, a block device, or a tag of one: `LABEL=…`, `UUID=…`, `PARTLABEL=…`, `PARTUUID=…`. Or, in a
   * segment, `{below}` or `{layer0}`, …: the layer below, or any lower one. A file of such a name is written with its directory:
   * `./LABEL=x`.
   */
  readonly path: string;
  /** A partition's number, or else its label or PARTUUID; the offset counts from its start. */
  readonly partition?: number | string;
  /** The start in bytes. Default: 0. */
  readonly offset?: bigint;
  /** The length in bytes, whole sectors of `sectorSize`, or of 512. Default: all the rest, as far as it is whole sectors. */
  readonly size?: bigint;
  /** It is never opened for writing. */
  readonly readOnly?: boolean;
  /** Bytes of a logical block of the loop device over a file: 512, 1024, 2048 or 4096. Default: the kernel's choice. */
  readonly sectorSize?: number;
  /** The loop device over a file goes past the page cache. */
  readonly directIo?: boolean;
}

const PROPERTIES = {
  path: TYPES.string,
  partition: TYPES.partition,
  offset: TYPES.bigint,
  size: TYPES.bigint,
  readOnly: TYPES.boolean,
  sectorSize: TYPES.number,
  directIo: TYPES.boolean,
} satisfies Record<keyof Backing, Type>;

const SECTOR = 512;

/**
 * A path stands for all of it.
 *
 * @param where names the property in messages: `loop[0]`
 * @throws DmfdError `usage`
 */
export function checkBacking(value: string | Backing, where: string): Backing {
  const backing = typeof value === 'string' ? { path: value } : value;
  checkProperties(backing, PROPERTIES, ['path'], where);
  const { path, partition, offset = 0n, size, sectorSize } = backing;
  const wrong = (name: keyof Backing, what: string) =>
    new DmfdError('invalid-request', `property ${where}.${name} is ${what}`);
  if (path === '' || path.includes('\0')) throw wrong('path', `${JSON.stringify(path)}: no path`);
  checkPartition(partition, `property ${where}.partition`);
  if (offset < 0n) throw wrong('offset', `${offset}n: it must not be negative`);
  if (sectorSize !== undefined && ![512, 1024, 2048, 4096].includes(sectorSize))
    throw wrong('sectorSize', `${sectorSize}: it must be 512, 1024, 2048 or 4096`);
  const sector = BigInt(sectorSize ?? SECTOR);
  if (size !== undefined && (size <= 0n || size % sector !== 0n))
    throw wrong('size', `${size}n: it must be a multiple of ${sector}, and more than 0`);
  return copyOf(backing, Object.keys(PROPERTIES));
}

/** @param what names it in messages @throws DmfdError `usage` */
export function checkPartition(partition: Backing['partition'], what: string): void {
  // No label is the label of each partition without one.
  if (partition === '')
    throw new DmfdError('invalid-request', `${what} is "": it must be a number, a label or a PARTUUID`);
  if (typeof partition === 'number' && (!Number.isSafeInteger(partition) || partition < 1))
    throw new DmfdError('invalid-request', `${what} is ${partition}: partitions count from 1`);
}
