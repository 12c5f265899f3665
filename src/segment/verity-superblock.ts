/**
 * The superblock that veritysetup writes at the start of a hash area, 512 bytes, little-endian.
 *
 * @module
 */

export const VERITY_SUPERBLOCK_BYTES = 512;
const SIGNATURE = Buffer.from('verity\0\0', 'latin1');
const ALGORITHM_AT = 32;
const ALGORITHM_FIELD = 32;
const SALT_AT = 88;
const SALT_FIELD = 256;

/** How data was hashed. */
export interface VeritySuperblock {
  readonly version: number;
  /** 0: the original form of Chrome OS; 1: the usual one. */
  readonly hashType: number;
  readonly uuid: string;
  /** As the kernel's crypto API has it: `sha256`. */
  readonly algorithm: string;
  /** Bytes. */
  readonly dataBlockSize: number;
  /** Bytes. */
  readonly hashBlockSize: number;
  readonly dataBlocks: bigint;
  readonly salt: Buffer;
}

/** undefined for what is no superblock. */
export function decodeVeritySuperblock(bytes: Buffer): VeritySuperblock | undefined {
  if (bytes.length < VERITY_SUPERBLOCK_BYTES || !bytes.subarray(0, 8).equals(SIGNATURE)) return undefined;
  const uuid = bytes.toString('hex', 16, 32);
  const algorithm = bytes.subarray(ALGORITHM_AT, ALGORITHM_AT + ALGORITHM_FIELD);
  const saltSize = Math.min(bytes.readUInt16LE(80), SALT_FIELD);
  return {
    version: bytes.readUInt32LE(8),
    hashType: bytes.readUInt32LE(12),
    uuid: uuid.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
    algorithm: algorithm.toString('latin1').replace(/\0.*$/s, ''),
    dataBlockSize: bytes.readUInt32LE(64),
    hashBlockSize: bytes.readUInt32LE(68),
    dataBlocks: bytes.readBigUInt64LE(72),
    salt: Buffer.from(bytes.subarray(SALT_AT, SALT_AT + saltSize)),
  };
}

/** The fault of a superblock, in words; undefined without one. */
export function faultOf(superblock: VeritySuperblock): string | undefined {
  const { version, hashType, algorithm, dataBlockSize, hashBlockSize, dataBlocks } = superblock;
  const isBlockSize = (bytes: number) => bytes >= 512 && bytes <= 524_288 && (bytes & (bytes - 1)) === 0;
  if (version !== 1) return `its version is ${version}, and only 1 is known`;
  if (hashType > 1) return `its hash type is ${hashType}, and only 0 and 1 are known`;
  if (!/^[a-z0-9][a-z0-9_()-]*$/.test(algorithm)) return `its algorithm is ${JSON.stringify(algorithm)}`;
  if (!isBlockSize(dataBlockSize)) return `its data blocks have ${dataBlockSize} bytes`;
  if (!isBlockSize(hashBlockSize)) return `its hash blocks have ${hashBlockSize} bytes`;
  if (dataBlocks === 0n) return 'it says that there are no data blocks';
  return undefined;
}

/** How many hash blocks the tree has, its levels together. A digest takes at most half of a block. */
export function treeBlocks(
  { dataBlocks, hashBlockSize, hashType }: VeritySuperblock,
  digestBytes: number,
): bigint {
  // The hashes of one block are padded to a power of two, so that a shift finds one.
  const padded = hashType === 0 ? digestBytes : 2 ** Math.ceil(Math.log2(digestBytes));
  const each = BigInt(2 ** Math.floor(Math.log2(hashBlockSize / padded)));
  let blocks = 0n;
  for (let level = dataBlocks; level > 1n; ) {
    level = (level + each - 1n) / each;
    blocks += level;
  }
  return blocks;
}
