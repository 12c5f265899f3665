/**
 * The superblock that dm-integrity writes at the start of its area, 512 bytes, little-endian.
 *
 * @module
 */

const INTEGRITY_SUPERBLOCK_BYTES = 512;
const SIGNATURE = Buffer.from('integrt\0', 'latin1');
const TAG_SIZE_AT = 10;
const PROVIDED_AT = 16;
const BLOCK_SHIFT_AT = 28;

/** The values that a table repeats, and the length of the device. */
export interface IntegritySuperblock {
  /** Bytes beside each block. */
  readonly tagSize: number;
  /** Sectors of 512 bytes that are left for data. */
  readonly sectors: bigint;
  /** Bytes. */
  readonly blockSize: number;
}

/** undefined for what is no superblock. */
export function decodeIntegritySuperblock(bytes: Buffer): IntegritySuperblock | undefined {
  if (bytes.length < INTEGRITY_SUPERBLOCK_BYTES || !bytes.subarray(0, 8).equals(SIGNATURE)) return undefined;
  return {
    tagSize: bytes.readUInt16LE(TAG_SIZE_AT),
    sectors: bytes.readBigUInt64LE(PROVIDED_AT),
    blockSize: 512 * 2 ** bytes.readUInt8(BLOCK_SHIFT_AT),
  };
}
