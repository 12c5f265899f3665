import type { Range, Read } from './signature.js';

const SECTOR = 512;
const MBR_ENTRIES_AT = 446;
const MBR_ENTRY = 16;
/** The type of the one partition that stands for a GPT. */
const PROTECTIVE = 0xee;

const GPT_ENTRIES = 128;

/** The areas of an MBR's partitions, and of the table itself; nothing when there are none. It counts in blocks of the disk. */
export function mbrPartitions(
  read: Read,
  place: bigint,
  _bytes: bigint,
  blockSize: number,
): readonly Range[] {
  const table = read(place, SECTOR);
  if (table === undefined) return [];
  const partitions = [0, 1, 2, 3].flatMap((index): Range[] => {
    const at = MBR_ENTRIES_AT + index * MBR_ENTRY;
    const type = table.readUInt8(at + 4);
    const start = table.readUInt32LE(at + 8);
    const sectors = table.readUInt32LE(at + 12);
    if (type === 0 || type === PROTECTIVE || sectors === 0) return [];
    return [[place + BigInt(start * blockSize), place + BigInt((start + sectors) * blockSize)]];
  });
  return partitions.length === 0 ? [] : [[place, place + BigInt(SECTOR)], ...partitions];
}

/** The same of a GPT, by the header at `place`, its own block; `blockSize` is that of the disk. */
export function gptPartitions(blockSize: number): (read: Read, place: bigint) => readonly Range[] {
  return (read, place) => {
    const header = read(place, 92);
    if (header === undefined) return [];
    const own = header.readBigUInt64LE(24);
    // Of a partition table that does not begin with the backing, too.
    const base = place - own * BigInt(blockSize);
    const inBytes = (lba: bigint): bigint => base + lba * BigInt(blockSize);
    const entries = header.readUInt32LE(80);
    const size = header.readUInt32LE(84);
    if (size < 128 || size > 4096) return [];
    const entriesAt = inBytes(header.readBigUInt64LE(72));
    const table: Range = [entriesAt, entriesAt + BigInt(entries) * BigInt(size)];
    const partitions = Array.from({ length: Math.min(entries, GPT_ENTRIES) }, (_, index) =>
      read(entriesAt + BigInt(index * size), 48),
    )
      .filter((entry) => entry?.subarray(0, 16).some((byte) => byte !== 0))
      .map((entry): Range => {
        const [first, last] = [entry?.readBigUInt64LE(32) ?? 0n, entry?.readBigUInt64LE(40) ?? 0n];
        return [inBytes(first), inBytes(last + 1n)];
      });
    return partitions.length === 0 ? [] : [[place, place + BigInt(blockSize)], table, ...partitions];
  };
}
