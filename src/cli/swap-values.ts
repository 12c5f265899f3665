import type { Discard } from '../swap/request.js';
import { usageError } from './usage-error.js';

const SECTOR = 512n;
const UNITS: Readonly<Record<string, bigint>> = {
  B: 1n,
  K: 1024n,
  M: 1024n ** 2n,
  G: 1024n ** 3n,
  T: 1024n ** 4n,
};

/** A whole number; what it may be is for the request to say. */
export function parseNumber(option: string): (value: string) => number {
  return (value) => {
    if (!/^\d{1,9}$/.test(value)) throw usageError(`${option} ${value}: it must be a whole number`);
    return Number(value);
  };
}

/** Sectors of 512 bytes, as cryptsetup has them; or bytes with a unit: B, K, M, G, T, also KiB, MiB, … */
export function parseSize(option: string): (value: string) => bigint {
  return (value) => {
    const [, digits, unit] = /^(\d{1,18})(B|[KMGT](?:iB)?)?$/i.exec(value) ?? [];
    if (digits === undefined) {
      throw usageError(
        `${option} ${value}: it must be a number of sectors, or of bytes with a unit`,
        'as in 2048, 1M or 2G; a sector has 512 bytes',
      );
    }
    if (unit === undefined) return BigInt(digits);
    const bytes = BigInt(digits) * (UNITS[unit.charAt(0).toUpperCase()] ?? 1n);
    if (bytes % SECTOR !== 0n)
      throw usageError(`${option} ${value}: it is no whole sectors of ${SECTOR} bytes`);
    return bytes / SECTOR;
  };
}

export function parseDiscard(value: string): Discard {
  if (value === 'once' || value === 'pages' || value === 'both') return value;
  throw usageError(`--discard=${value}: it must be --discard, --discard=once or --discard=pages`);
}
