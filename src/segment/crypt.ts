import type { Backing } from '../backing/request.js';
import { KEY_WORD } from '../dm/table.js';
import { DmfdError } from '../errors.js';
import { TYPES } from '../properties.js';
import { SEGMENT_TYPES, type SegmentCheck } from './check.js';
import type { Ground } from './ground.js';
import { type Part, part } from './part.js';
import type { CryptSegment } from './segment.js';

export const DEFAULT_CIPHER = 'aes-xts-plain64';
const SECTOR = 512n;

export function checkCrypt(segment: CryptSegment, check: SegmentCheck): CryptSegment<Backing> {
  const { backing } = SEGMENT_TYPES;
  const own = check.properties(segment, { backing, cipher: TYPES.string, sectorSize: TYPES.number }, [
    'backing',
  ]);
  const { cipher = DEFAULT_CIPHER, sectorSize = 512 } = own;
  if (!isCipherWord(cipher))
    throw check.wrong('cipher', `${JSON.stringify(cipher)}: it must be one word`, CIPHER_HINT);
  if (sectorSize !== 512 && sectorSize !== 4096)
    throw check.wrong('sectorSize', `${sectorSize}: it must be 512 or 4096`);
  return { ...own, backing: check.backing('backing', segment.backing), cipher, sectorSize };
}

/** Whether it can be one word of a table line. */
export function isCipherWord(cipher: string): boolean {
  // Printable ASCII, without what a table line or dmfd would take for something else.
  return /^[!-[\]-z|~]+$/.test(cipher);
}

/** The hint for one that is not. */
export const CIPHER_HINT = 'as in aes-xts-plain64 or aes-cbc-essiv:sha256; /proc/crypto lists what is loaded';

/** A cipher in XTS mode uses two keys. */
export function defaultKeyBits(cipher: string): number {
  return cipher.includes('xts') ? 512 : 256;
}

export function planCrypt(segment: CryptSegment<Backing>, ground: Ground): Part {
  const { cipher = DEFAULT_CIPHER, sectorSize = 512 } = segment;
  const { device, start, sectors, subject } = ground.place('crypt', segment.backing);
  const unit = BigInt(sectorSize) / SECTOR;
  const length = sectors - (sectors % unit);
  if (length === 0n)
    throw new DmfdError(
      'area-unusable',
      `${subject}: ${sectors * SECTOR} bytes, less than one sector of ${sectorSize}`,
    );
  return part('crypt', length, ...cryptWords(cipher, sectorSize, device, start, []));
}

/** The arguments of dm-crypt as `cryptsetup open --type plain` would write them, with {@link KEY_WORD} for the key. */
export function cryptWords(
  cipher: string,
  sectorSize: number,
  device: string,
  start: bigint,
  options: readonly string[],
): (string | bigint | number)[] {
  const all = [...options, ...(sectorSize === 512 ? [] : [`sector_size:${sectorSize}`])];
  return [cipher, KEY_WORD, 0, device, start, ...(all.length === 0 ? [] : [all.length, ...all])];
}
