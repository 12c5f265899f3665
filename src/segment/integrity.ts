import type { Backing } from '../backing/request.js';
import { HEAD, namesOf, TAIL } from '../content/find.js';
import { DmfdError } from '../errors.js';
import { TYPES } from '../properties.js';
import { SEGMENT_TYPES, type SegmentCheck } from './check.js';
import { type Ground, notLive, type Place } from './ground.js';
import { decodeIntegritySuperblock, type IntegritySuperblock } from './integrity-superblock.js';
import { type Part, part } from './part.js';
import type { IntegritySegment } from './segment.js';

/** As integritysetup(8) has it. */
const DEFAULT_CHECKSUM = 'crc32c';
const DEFAULT_TAG_SIZE = 4;
/** The kernel has no more room for one. */
export const MAX_TAG_SIZE = 255;

/** Sectors: of the device that is loaded for the kernel to format an area. Each block size goes into it. */
const WHILE_FORMATTING = 8n;

export function checkIntegrity(segment: IntegritySegment, check: SegmentCheck): IntegritySegment<Backing> {
  const types = { backing: SEGMENT_TYPES.backing, tagSize: TYPES.number, checksum: TYPES.string };
  const own = check.properties(segment, types, ['backing']);
  check.count('tagSize', own.tagSize, 1, MAX_TAG_SIZE);
  if (own.checksum !== undefined && !isChecksumWord(own.checksum))
    throw check.wrong('checksum', `${JSON.stringify(own.checksum)}: ${NO_CHECKSUM}`, CHECKSUM_HINT);
  const backing = check.backing('backing', own.backing);
  if (backing.readOnly) throw check.wrong('backing', 'read-only: the target writes its journal');
  return { ...own, backing };
}

/** Whether the kernel can be asked for such a hash: one without a key, which a table would show. */
export function isChecksumWord(word: string): boolean {
  return /^[a-z0-9][a-z0-9_-]*$/.test(word);
}

export const NO_CHECKSUM = 'it must be the name of a hash without a key';
export const CHECKSUM_HINT = 'as in crc32c, sha256 or xxhash64; /proc/crypto lists what is loaded';

/**
 * The table that `integritysetup open` would load. An area that is zero is left to {@link Ground.format}: only the kernel, which
 * formats it, knows how much of it is left for data.
 */
export function planIntegrity(segment: IntegritySegment<Backing>, ground: Ground): Part {
  const { backing, tagSize } = segment;
  // A checksum of its own, or room for the tags of a layer above.
  const checksum = segment.checksum ?? (tagSize === undefined ? DEFAULT_CHECKSUM : undefined);
  const place = ground.place('integrity', backing, { toEnd: true, overwritten: true });
  if (ground.readOnly)
    throw unusable(`${place.subject}: the device cannot be read-only, for the target writes its journal`);
  const superblock = ground.look(() => readSuperblock(ground, place));
  if (superblock !== undefined) {
    checkTagSize(segment, superblock, place.subject);
    const { sectors, blockSize } = superblock;
    return partOf(place, sectors, superblock.tagSize, [...blockWords(blockSize), ...checksumWords(checksum)]);
  }
  const tags = tagSize ?? (segment.checksum === undefined ? DEFAULT_TAG_SIZE : '-');
  // Without that what has never been written could not be read: nothing there has its checksum yet.
  const recalculate = checksum === undefined ? [] : ['recalculate'];
  const words = [...blockWords(place.blockSize), ...checksumWords(checksum), 'fix_padding', ...recalculate];
  const formatting = partOf(place, WHILE_FORMATTING, tags, words);
  ground.format({ part: formatting, subject: place.subject });
  return formatting;
}

function partOf(
  { device, start }: Place,
  length: bigint,
  tagSize: number | string,
  words: readonly string[],
): Part {
  return part('integrity', length, device, start, tagSize, 'J', words.length, ...words);
}

function blockWords(bytes: number): string[] {
  return bytes === 512 ? [] : [`block_size:${bytes}`];
}

function checksumWords(checksum: string | undefined): string[] {
  return checksum === undefined ? [] : [`internal_hash:${checksum}`];
}

/** undefined where all is zero, as far as one looks. @throws DmfdError `taken` for anything else */
function readSuperblock(ground: Ground, place: Place): IntegritySuperblock | undefined {
  const { open, subject } = place;
  if (open === undefined) throw notLive(subject);
  ground.refresh(open);
  const head = ground.read(place, 0n, smaller(HEAD, open.bytes));
  const tail = ground.read(place, open.bytes - BigInt(smaller(TAIL, open.bytes)), smaller(TAIL, open.bytes));
  const superblock = decodeIntegritySuperblock(head);
  if (superblock !== undefined) return superblock;
  const content = ground.contentOf(place);
  if (content.length === 0 && isZero(head) && isZero(tail)) return undefined;
  const what = content.length === 0 ? 'something that dmfd does not know' : namesOf(content);
  throw new DmfdError('area-not-zero', `${subject}: it has ${what}, and is formatted only where it is zero`, {
    operation: `read ${open.path}`,
    errno: 'EEXIST',
    hint: 'if nothing of it is needed, overwrite it with zeros (blkdiscard -z DEVICE), or make the file anew',
  });
}

function smaller(count: number, bytes: bigint): number {
  return BigInt(count) < bytes ? count : Number(bytes);
}

function isZero(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0);
}

/** The superblock does not say by which hash its tags were made: only the number of their bytes can be compared. */
function checkTagSize(
  { checksum, tagSize }: IntegritySegment<Backing>,
  { tagSize: there }: IntegritySuperblock,
  subject: string,
): void {
  if (tagSize !== undefined && tagSize !== there)
    throw unusable(`${subject}: it was formatted with tags of ${there} bytes, not ${tagSize}`);
  if (tagSize !== undefined || checksum !== undefined || there === DEFAULT_TAG_SIZE) return;
  throw unusable(
    `${subject}: it was formatted with tags of ${there} bytes, and those of ${DEFAULT_CHECKSUM} have ${DEFAULT_TAG_SIZE}`,
    'name the checksum that they are, or give their size, for tags of a layer above',
  );
}

function unusable(message: string, hint?: string): DmfdError {
  return new DmfdError('area-unusable', message, { hint });
}
