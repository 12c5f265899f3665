import { usageError } from '../usage-error.js';

const SECTOR = 512n;
const UNITS: Readonly<Record<string, bigint>> = {
  B: 1n,
  K: 1024n,
  M: 1024n ** 2n,
  G: 1024n ** 3n,
  T: 1024n ** 4n,
};
const SIZE = /^(\d{1,18})(B|[KMGT](?:iB)?)?$/i;

/**
 * A size in bytes: a bare number counts sectors of 512 bytes, as cryptsetup and dmsetup have it; with a unit (B, K,
 * M, G, T, also KiB, MiB, …) it is bytes. undefined for what is no size.
 */
export function bytesOfSize(word: string): bigint | undefined {
  const [, digits, unit] = SIZE.exec(word) ?? [];
  if (digits === undefined) return undefined;
  return BigInt(digits) * (unit === undefined ? SECTOR : (UNITS[unit.charAt(0).toUpperCase()] ?? 1n));
}

/** Bytes; `where` names the word in messages, as in `--size 5x`. @throws DmfdError `usage` */
export function parseBytes(where: string, word: string): bigint {
  const bytes = bytesOfSize(word);
  if (bytes !== undefined) return bytes;
  throw usageError(
    `${where}: it must be a number of sectors, or of bytes with a unit`,
    'as in 2048, 1M or 2G; a sector has 512 bytes',
  );
}

/** Bytes that are whole sectors of so many bytes, as {@link parseBytes}. */
export function parseWholeSectors(where: string, word: string, sectorSize = Number(SECTOR)): bigint {
  const bytes = parseBytes(where, word);
  if (bytes % BigInt(sectorSize) === 0n) return bytes;
  throw usageError(`${where}: it is no whole sectors of ${sectorSize} bytes`);
}

/** As {@link parseWholeSectors}, and more than nothing. */
export function parsePositive(where: string, word: string, sectorSize?: number, hint?: string): bigint {
  const bytes = parseWholeSectors(where, word, sectorSize);
  if (bytes > 0n) return bytes;
  throw usageError(`${where}: it must be more than 0`, hint);
}

/** For an option whose value is a size: sectors of 512 bytes. */
export function parseSize(option: string): (value: string) => bigint {
  return (value) => parseWholeSectors(`${option} ${value}`, value) / SECTOR;
}
