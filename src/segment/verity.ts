import { createHash, getHashes } from 'node:crypto';
import type { Backing } from '../backing/request.js';
import { DmfdError } from '../errors.js';
import { TYPES } from '../properties.js';
import { SEGMENT_TYPES, type SegmentCheck } from './check.js';
import type { Ground, Place } from './ground.js';
import { type Part, part } from './part.js';
import { readSignature } from './root-hash-signature.js';
import type { VeritySegment } from './segment.js';
import {
  decodeVeritySuperblock,
  faultOf,
  treeBlocks,
  VERITY_SUPERBLOCK_BYTES,
  type VeritySuperblock,
} from './verity-superblock.js';

const SECTOR = 512n;
const DEFAULT_FEC_ROOTS = 2;

export function checkVerity(segment: VeritySegment, check: SegmentCheck): VeritySegment<Backing> {
  const { backing } = SEGMENT_TYPES;
  const types = {
    backing,
    hash: backing,
    root: TYPES.string,
    fec: backing,
    fecRoots: TYPES.number,
    signature: TYPES.string,
  };
  const own = check.properties(segment, types, ['backing', 'hash', 'root']);
  if (!/^([0-9a-f]{2})+$/i.test(own.root))
    throw check.wrong('root', `${JSON.stringify(own.root)}: it must be the root hash in hexadecimal digits`);
  if (own.signature === '' || own.signature?.includes('\0'))
    throw check.wrong('signature', `${JSON.stringify(own.signature)}: no path`);
  check.count('fecRoots', own.fecRoots, 2, 24);
  const { fec, ...same } = own;
  return {
    ...same,
    backing: check.backing('backing', own.backing),
    hash: check.backing('hash', own.hash),
    root: own.root.toLowerCase(),
    ...(fec === undefined ? {} : { fec: check.backing('fec', fec) }),
  };
}

/**
 * The table that `veritysetup open` would load. All that the superblock says is compared with what is there, the root hash with
 * the top of the hash tree.
 */
export function planVerity(segment: VeritySegment<Backing>, ground: Ground): Part {
  const { root, fec, fecRoots = DEFAULT_FEC_ROOTS, signature } = segment;
  const data = ground.place('verity', segment.backing, { readOnly: true, fromStart: true });
  const hash = ground.place('hash', segment.hash, { readOnly: true });
  const superblock = readSuperblock(ground, hash);
  const { dataBlockSize, hashBlockSize, dataBlocks, algorithm, hashType, salt } = superblock;
  const needed = dataBlocks * BigInt(dataBlockSize);
  if (bytesOf(data) < needed)
    throw unusable(
      `${data.subject}: the superblock tells of ${needed} bytes of data, and there are only ${bytesOf(data)}`,
    );
  checkDigest(hash, superblock, root);
  const tree = treeBlocks(superblock, root.length / 2);
  const first = firstTreeBlock(hash, hashBlockSize);
  checkRoot(
    ground,
    root,
    superblock,
    tree,
    tree === 0n ? data : hash,
    tree === 0n ? 0n : blockOffset(hash, first, superblock),
  );
  const options = [
    ...(fec === undefined
      ? []
      : fecWords(ground.place('fec', fec, { readOnly: true }), fecRoots, superblock, hash, first)),
    ...(signature === undefined ? [] : signatureWords(signature, root, ground)),
  ];
  return part(
    'verity',
    needed / SECTOR,
    ...[hashType, data.device, hash.device, dataBlockSize, hashBlockSize, dataBlocks, first],
    ...[algorithm, root, salt.length === 0 ? '-' : salt.toString('hex')],
    ...(options.length === 0 ? [] : [options.length, ...options]),
  );
}

function bytesOf({ sectors }: Place): bigint {
  return sectors * SECTOR;
}

function readSuperblock(ground: Ground, hash: Place): VeritySuperblock {
  const superblock = decodeVeritySuperblock(ground.read(hash, 0n, VERITY_SUPERBLOCK_BYTES));
  if (superblock === undefined) {
    throw unusable(
      `${hash.subject}: no superblock of veritysetup is there`,
      'it may begin elsewhere: give its offset; without a superblock (no-superblock), a table has to be written by hand',
    );
  }
  const fault = faultOf(superblock);
  if (fault !== undefined) throw unusable(`${hash.subject}: the superblock is damaged: ${fault}`);
  return superblock;
}

function checkDigest({ subject }: Place, { algorithm, hashBlockSize }: VeritySuperblock, root: string): void {
  // Each block of the tree has at least two hashes: else no level would be smaller than the one below it.
  const most = hashBlockSize / 2;
  if (root.length > 2 * most)
    throw unusable(
      `root hash: it has ${root.length / 2} bytes, and with the hash blocks of ${subject}, of ${hashBlockSize}, at most ${most} are possible`,
    );
  if (!getHashes().includes(algorithm)) return;
  const bytes = createHash(algorithm).digest().length;
  if (root.length === 2 * bytes) return;
  throw unusable(
    `root hash ${root}: it has ${root.length / 2} bytes, and those of ${algorithm}, which the superblock of ${subject} names, have ${bytes}`,
  );
}

/** The tree begins at the block after the superblock; blocks count from the start of the device that the table names. */
function firstTreeBlock({ subject, start }: Place, blockSize: number): bigint {
  const [at, block] = [start * SECTOR, BigInt(blockSize)];
  if (at % block !== 0n)
    throw unusable(`${subject}: its offset of ${at} bytes is no multiple of its block size, ${blockSize}`);
  return at / block + 1n;
}

/** The same block, in bytes from where the place begins. */
function blockOffset({ start }: Place, block: bigint, { hashBlockSize }: VeritySuperblock): bigint {
  return block * BigInt(hashBlockSize) - start * SECTOR;
}

/** The kernel would find out only when it reads, and then every read would fail. Hashes that Node does not know are not checked. */
function checkRoot(
  ground: Ground,
  root: string,
  { algorithm, hashType, salt, hashBlockSize, dataBlockSize }: VeritySuperblock,
  tree: bigint,
  top: Place,
  at: bigint,
): void {
  const size = tree === 0n ? dataBlockSize : hashBlockSize;
  const end = at + (tree === 0n ? 1n : tree) * BigInt(size);
  if (end > bytesOf(top))
    throw unusable(
      `${top.subject}: the hash tree ends at byte ${end}, and there are only ${bytesOf(top)}`,
      'it was cut short',
    );
  if (!getHashes().includes(algorithm)) return;
  const block = ground.read(top, at, size);
  const hash = createHash(algorithm);
  for (const bytes of hashType === 0 ? [block, salt] : [salt, block]) hash.update(bytes);
  const found = hash.digest('hex');
  if (found === root) return;
  throw unusable(
    `root hash ${root}: it is not that of ${top.subject}`,
    'veritysetup format prints the right one; or data or hashes were changed',
  );
}

/** As veritysetup counts: data, then all of the hash device from the tree on, up to its end, or to the parity data after it. */
function fecWords(
  fec: Place,
  roots: number,
  { dataBlocks, dataBlockSize, hashBlockSize }: VeritySuperblock,
  hash: Place,
  first: bigint,
): (string | bigint | number)[] {
  const block = BigInt(dataBlockSize);
  if (dataBlockSize !== hashBlockSize)
    throw unusable(`${fec.subject}: error correction needs data and hash blocks of one size`);
  if ((fec.start * SECTOR) % block !== 0n)
    throw unusable(`${fec.subject}: its offset is no multiple of the block size, ${dataBlockSize}`);
  const isSame = fec.identity === hash.identity;
  const end = isSame ? fec.start * SECTOR : hash.start * SECTOR + bytesOf(hash);
  const covered = end / block - first;
  if (covered <= 0n) throw unusable(`${fec.subject}: it begins before the hash area`);
  const blocks = dataBlocks + covered;
  const start = (fec.start * SECTOR) / block;
  return ['use_fec_from_device', fec.device, 'fec_start', start, 'fec_blocks', blocks, 'fec_roots', roots];
}

/** The kernel verifies it against the digits as they stand in the table. */
function signatureWords(path: string, root: string, ground: Ground): string[] {
  const name = `dmfd:${root.slice(0, 48)}`;
  ground.sign({ name, bytes: readSignature(path) });
  return ['root_hash_sig_key_desc', name];
}

function unusable(message: string, hint?: string): DmfdError {
  return new DmfdError('area-unusable', message, { hint });
}
