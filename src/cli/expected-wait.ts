import { fstatSync, type Stats, statSync } from 'node:fs';
import type { TableSource } from '../dm/table.js';
import type { KeySource } from '../key/key.js';

/** Characters; the kernel takes a second for a table that is a few times as long. */
const LARGE = 1_000_000;

/** The waits that a creation may meet, as far as they can be seen beforehand. */
export function expectedWait({ table = [], key, udevWait }: Waiting): string | undefined {
  if (key !== undefined && comesFromSomebody(key)) return 'waiting for the key';
  const length = table.reduce((sum, { text }) => sum + text.length, 0);
  if (length > LARGE) return 'loading the table';
  return udevWait === undefined ? undefined : "waiting for udev's links";
}

interface Waiting {
  readonly table?: readonly TableSource[] | undefined;
  readonly key?: KeySource | undefined;
  readonly udevWait?: number | undefined;
}

/** Through a pipe, that is, or a socket: a user who types a key at a terminal knows of the wait. */
function comesFromSomebody(key: KeySource): boolean {
  try {
    const stats = statsOf(key);
    return stats?.isFIFO() === true || stats?.isSocket() === true;
  } catch {
    return false;
  }
}

function statsOf(key: KeySource): Stats | undefined {
  if ('fd' in key) return fstatSync(key.fd);
  return 'file' in key ? statSync(key.file) : undefined;
}
