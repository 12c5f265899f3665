import type { Backing } from '../../backing/request.js';
import { usageError } from '../usage-error.js';
import { type Keys, type PathWord, parsePathWord } from './path-word.js';
import { parseBytes, parsePositive } from './size.js';

/** The keys that every PATH takes. */
export const BACKING_KEYS = {
  partition: 'value',
  offset: 'value',
  size: 'value',
  ro: 'flag',
  'sector-size': 'value',
  'direct-io': 'flag',
} as const satisfies Keys;

const ALL_THE_REST = 'without size= it is all the rest';

/** For an option whose value is a PATH, with the keys that every PATH may have. @throws DmfdError `usage` */
export function parseBacking(option: string, word: string): Backing {
  return backingOf(option, word, parsePathWord(option, word, BACKING_KEYS));
}

/** What a parted word says of its path, whatever other keys it has. @throws DmfdError `usage` */
export function backingOf(option: string, word: string, { path, keys }: PathWord): Backing {
  const where = (key: string) => `${option} ${word}: ${key}=${keys.get(key)}`;
  const [partition, offset, size] = [keys.get('partition'), keys.get('offset'), keys.get('size')];
  const sector = keys.get('sector-size');
  const sectorSize = sector === undefined ? undefined : parseSectorSize(where('sector-size'), sector);
  return {
    path,
    ...(partition === undefined ? {} : { partition: parsePartition(partition) }),
    ...(offset === undefined ? {} : { offset: parseBytes(where('offset'), offset) }),
    ...(size === undefined ? {} : { size: parsePositive(where('size'), size, sectorSize, ALL_THE_REST) }),
    ...(keys.has('ro') ? { readOnly: true } : {}),
    ...(sectorSize === undefined ? {} : { sectorSize }),
    ...(keys.has('direct-io') ? { directIo: true } : {}),
  };
}

/** A number is the partition's; anything else its label or PARTUUID. */
export function parsePartition(word: string): number | string {
  return /^\d{1,5}$/.test(word) ? Number(word) : word;
}

/** Bytes. */
function parseSectorSize(where: string, word: string): number {
  if (['512', '1024', '2048', '4096'].includes(word)) return Number(word);
  throw usageError(`${where}: it must be 512, 1024, 2048 or 4096 bytes`);
}
