import { closeSync, constants, fstatSync, openSync, type Stats, statSync } from 'node:fs';
import type { Table } from '../dm/table.js';
import { DmfdError, usageError } from '../errors.js';
import { type KeyOrder, MAX_KEY_BYTES } from '../kernel/creation.js';
import { errnoOf } from '../kernel/errno.js';

/**
 * Where a key comes from: `random` bits from the kernel's generator (a multiple of 8), the raw bytes of a `file`, or all
 * that an open descriptor `fd` has to read. At most 4096 bytes.
 */
export type KeySource = { readonly random: number } | { readonly file: string } | { readonly fd: number };

/** The word in a table that the key stands for. */
export const KEY_WORD = '{key}';

/** @throws DmfdError `usage` when only one of key and `{key}` is there, or the size cannot be */
export function checkKey(key: KeySource | undefined, table: Table): void {
  const isWanted = table.some(({ params }) => params.includes(KEY_WORD));
  if (key === undefined) {
    if (!isWanted) return;
    throw usageError(
      `the table says ${KEY_WORD}, but no key was given`,
      'give one with --key-random BITS, --key-file FILE or --key-fd N',
    );
  }
  if (!isWanted) {
    throw usageError(
      `a key was given, but the table does not say ${KEY_WORD}`,
      `write ${KEY_WORD} where the target wants its key: 0 131072 crypt aes-xts-plain64 ${KEY_WORD} 0 8:1 0`,
    );
  }
  if ('random' in key) checkKeyBits(key.random, 'random key');
  if ('fd' in key) checkDescriptor(key.fd);
}

/** @throws DmfdError `usage` for a size in bits that no key has */
export function checkKeyBits(bits: number, what: string): void {
  const limit = 8 * MAX_KEY_BYTES;
  if (Number.isSafeInteger(bits) && bits > 0 && bits <= limit && bits % 8 === 0) return;
  throw usageError(
    `${what}: ${bits} bits; it must be a multiple of 8 from 8 to ${limit}`,
    'aes-xts-plain64 takes 256 or 512 bits',
  );
}

function checkDescriptor(fd: number): void {
  if (Number.isSafeInteger(fd) && fd >= 0 && fd <= 0x7fffffff && isOpen(fd)) return;
  throw usageError(
    `key descriptor ${fd}: it is not open`,
    'open it for dmfd, as in: dmfd … --key-fd 5 5<FILE',
  );
}

function isOpen(fd: number): boolean {
  try {
    fstatSync(fd);
    return true;
  } catch {
    return false;
  }
}

/** A key that can be had now. Its bytes are read by the process that needs them, never here. */
export interface OpenKey {
  readonly source: KeyOrder['source'];
  readonly warnings: readonly string[];
  close(): void;
}

/** @throws DmfdError `usage` for a file that cannot be a key */
export function openKey(key: KeySource): OpenKey {
  if ('random' in key)
    return { source: { randomBytes: key.random / 8 }, warnings: [], close: () => undefined };
  if ('fd' in key) {
    checkSize(`key descriptor ${key.fd}`, fstatSync(key.fd));
    return { source: { fd: key.fd }, warnings: [], close: () => undefined };
  }
  const what = `key file ${JSON.stringify(key.file)}`;
  const fd = open(what, key.file);
  try {
    const stats = fstatSync(fd);
    checkSize(what, stats);
    return { source: { fd }, warnings: checkMode(what, stats), close: () => closeSync(fd) };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function open(what: string, file: string): number {
  try {
    if (statSync(file).isDirectory()) throw usageError(`${what}: it is a directory`);
    return openSync(file, constants.O_RDONLY | constants.O_NOCTTY);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    throw new DmfdError('usage', `${what}: cannot read it: ${errno.name}, ${errno.words}`, {
      operation: `open ${file}`,
      errno: errno.name,
      cause: error,
    });
  }
}

/** Of anything but a file, only reading tells; that is done before there is a device, too. */
function checkSize(what: string, stats: Stats): void {
  if (stats.isDirectory()) throw usageError(`${what}: it is a directory`);
  if (!stats.isFile()) return;
  if (stats.size === 0) throw usageError(`${what}: it is empty`);
  if (stats.size > MAX_KEY_BYTES) {
    throw usageError(
      `${what}: ${stats.size} bytes, and a key has at most ${MAX_KEY_BYTES}`,
      'all of a key file is the key; cut one out with: head -c BYTES FILE | dmfd … --key-fd 0',
    );
  }
}

function checkMode(what: string, stats: Stats): string[] {
  if (!stats.isFile() || (stats.mode & 0o004) === 0) return [];
  return [`${what}: every user can read it (mode ${(stats.mode & 0o777).toString(8).padStart(4, '0')})`];
}
