import { readSync } from 'node:fs';
import { DmfdError } from '../errors.js';
import type { Kernel } from '../kernel/kernel.js';
import { extent, matches, type Place, placeIn, type Range, type Read, type Signature } from './signature.js';
import { SIGNATURES } from './signatures.js';

/** Bytes from the start of a backing, and to its end, between which no signature stands. */
export const HEAD = 256 * 1024;
export const TAIL = 128 * 1024;

/** A file or block device that is looked at. */
export interface Looked {
  readonly fd: number;
  /** Where it begins on what the descriptor is of, in bytes; default: at the start. */
  readonly from?: bigint;
  readonly bytes: bigint;
  /** Of a logical block, in bytes. */
  readonly blockSize: number;
  /**
   * Lets go of what was read of a block device: before it is read, for device-mapper has written past what others have read, and
   * after it, for ours will.
   */
  flush(): void;
}

/** The part of it that is to be written to, in sectors of 512 bytes of what the descriptor is of. */
export interface Area {
  readonly start: bigint;
  readonly sectors: bigint;
}

/** Something on the backing that would be destroyed, by its signature. */
export interface Content {
  readonly what: string;
  /** Of the signature, in bytes of what the descriptor is of. */
  readonly at: bigint;
  readonly length: number;
}

/** Looks for what stands in the area, or begins before it and reaches into it. @throws DmfdError `kernel` */
export function findContent(kernel: Kernel, path: string, backing: Looked, area: Area): Content[] {
  const { from = 0n, bytes, blockSize } = backing;
  const start = area.start * 512n - from;
  const taken: Range = [start, start + area.sectors * 512n];
  const starts = [...new Set([0n, start])];
  const windows: Range[] = [
    ...starts.map((first): Range => [first, first + BigInt(HEAD)]),
    [bytes - BigInt(TAIL), bytes],
  ];
  backing.flush();
  const read = readAhead(kernel, path, backing, windows);
  backing.flush();
  return SIGNATURES.flatMap((signature) =>
    signature.places
      .flatMap((place) => positions(place, starts, bytes))
      .filter(({ at, base }) => isThere(signature, at, base, { read, bytes, blockSize, taken }))
      .map(({ at }) => ({ what: signature.what, at: from + at, length: extent(signature) })),
  );
}

/**
 * @param subject how messages name it: `backing "disk.img"`
 * @throws DmfdError `taken` that names what was found
 */
export function refuseContent(subject: string, path: string, found: readonly Content[]): void {
  if (found.length === 0) return;
  throw new DmfdError('backing-has-content', `${subject}: it has ${namesOf(found)}`, {
    operation: `read ${path}`,
    errno: 'EEXIST',
    hint: '"wipefs" shows more; `force` overwrites it',
  });
}

/** The signatures that were found, each once. */
export function namesOf(found: readonly Content[]): string {
  return [...new Set(found.map(({ what }) => what))].join(', ');
}

/** Where it would stand, and where that which has it would begin. */
function positions(place: Place, starts: readonly bigint[], bytes: bigint): { at: bigint; base: bigint }[] {
  if (typeof place !== 'number') return [{ at: placeIn(bytes, place), base: 0n }];
  return starts.map((base) => ({ at: base + BigInt(place), base }));
}

function isThere(
  signature: Signature,
  at: bigint,
  base: bigint,
  {
    read,
    bytes,
    blockSize,
    taken,
  }: Pick<Looked, 'bytes' | 'blockSize'> & {
    readonly read: Read;
    readonly taken: Range;
  },
): boolean {
  const header = read(at, extent(signature));
  if (header === undefined || !matches(signature, header, 0)) return false;
  const ranges = signature.takes?.(read, at, bytes, blockSize) ?? [[base, bytes]];
  return ranges.some(([from, to]) => from < taken[1] && taken[0] < to);
}

/** Reads these parts of the backing, as far as they are in it. */
function readAhead(
  kernel: Kernel,
  path: string,
  { fd, from: origin = 0n, bytes }: Looked,
  windows: readonly Range[],
): Read {
  const read = windows.map(([from, to]) => {
    const start = from < 0n ? 0n : from;
    const buffer = Buffer.alloc(Number((to > bytes ? bytes : to) - start));
    const length = kernel.must(`read ${path}`, () => readSync(fd, buffer, 0, buffer.length, origin + start));
    return { start, buffer: buffer.subarray(0, length) };
  });
  return (at, length) => {
    const window = read.find(
      ({ start, buffer }) => at >= start && at + BigInt(length) <= start + BigInt(buffer.length),
    );
    if (window === undefined) return undefined;
    const from = Number(at - window.start);
    return window.buffer.subarray(from, from + length);
  };
}
