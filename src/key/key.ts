import { closeSync, constants, fstatSync, type Stats } from 'node:fs';
import { KEY_WORD, type Table } from '../dm/table.js';
import { DmfdError } from '../errors.js';
import { openGivenFile } from '../kernel/given-file.js';
import { numbersOf } from '../kernel/layout.js';
import { readIfThere } from '../kernel/pseudo-files.js';
import { statIfThere } from '../kernel/stat.js';

/**
 * Where a key comes from: `random` bits from the kernel's generator (a multiple of 8), the raw bytes of a `file`, or all
 * that an open descriptor `fd` has to read. At most 4096 bytes.
 */
export type KeySource = { readonly random: number } | { readonly file: string } | { readonly fd: number };

const limits = numbersOf('limit', ['key_bytes']);

/** The longest key there may be, in bytes. */
export function maxKeyBytes(): number {
  return limits().key_bytes;
}

/** @throws DmfdError `usage` when only one of key and `{key}` is there, or the size cannot be */
export function checkKey(key: KeySource | undefined, table: Table): void {
  const isWanted = table.some(({ params }) => params.includes(KEY_WORD));
  if (key === undefined) {
    if (!isWanted) return;
    throw new DmfdError('key-missing', `the table says ${KEY_WORD}, but no key was given`, {
      hint: 'give one as `key`: { random: BITS }, { file: PATH } or { fd: NUMBER }',
    });
  }
  if (!isWanted) {
    throw new DmfdError('key-unused', `a key was given, but the table does not say ${KEY_WORD}`, {
      hint: `write ${KEY_WORD} where the target wants its key: 0 131072 crypt aes-xts-plain64 ${KEY_WORD} 0 8:1 0`,
    });
  }
  checkKeySource(key);
}

/** @throws DmfdError `usage` for a size that cannot be, no path, or a descriptor that is not open */
export function checkKeySource(key: KeySource): void {
  if ('file' in key && (key.file === '' || key.file.includes('\0')))
    throw new DmfdError('invalid-request', `key file ${JSON.stringify(key.file)}: no path`);
  if ('random' in key) checkKeyBits(key.random, 'random key');
  if ('fd' in key) checkDescriptor(key.fd);
}

/** @throws DmfdError `usage` for a size in bits that no key has */
export function checkKeyBits(bits: number, what: string): void {
  const limit = 8 * maxKeyBytes();
  if (Number.isSafeInteger(bits) && bits > 0 && bits <= limit && bits % 8 === 0) return;
  throw new DmfdError(
    'invalid-request',
    `${what}: ${bits} bits; it must be a multiple of 8 from 8 to ${limit}`,
    { hint: 'aes-xts-plain64 takes 256 or 512 bits' },
  );
}

function checkDescriptor(fd: number): void {
  if (Number.isSafeInteger(fd) && fd >= 0 && fd <= 0x7fffffff && isOpen(fd)) return;
  throw new DmfdError('key-not-open', `key descriptor ${fd}: it is not open`);
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
  readonly source: { readonly randomBytes: number } | { readonly fd: number };
  readonly warnings: readonly string[];
  close(): void;
}

/** @throws DmfdError `usage` for a file that cannot be a key */
export function openKey(key: KeySource): OpenKey {
  if ('random' in key)
    return { source: { randomBytes: key.random / 8 }, warnings: [], close: () => undefined };
  if ('fd' in key) {
    checkSize(`key descriptor ${key.fd}`, fstatSync(key.fd), positionOf(key.fd));
    return { source: { fd: key.fd }, warnings: [], close: () => undefined };
  }
  const subject = `key file ${JSON.stringify(key.file)}`;
  const fd = openGivenFile({
    subject,
    path: key.file,
    // Of a FIFO, it is the process that reads it which waits for the other end: that wait can be cancelled.
    flags: constants.O_RDONLY | constants.O_NOCTTY | constants.O_NONBLOCK,
    use: 'read',
    code: 'key-unusable',
  });
  try {
    const stats = fstatSync(fd);
    checkSize(subject, stats, 0);
    return { source: { fd }, warnings: checkMode(subject, stats), close: () => closeSync(fd) };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/**
 * Finds what could be wrong with a key that is needed later. A FIFO is not opened: its other end would take that for the reader.
 *
 * @throws DmfdError `usage` as {@link openKey}
 */
export function tryKey(key: KeySource): void {
  if (!('file' in key && statIfThere(key.file)?.isFIFO())) openKey(key).close();
}

/** Of anything but a file, only reading tells; that is done before there is a device, too. */
function checkSize(subject: string, stats: Stats, position: number): void {
  if (stats.isDirectory()) throw new DmfdError('key-unusable', `${subject}: it is a directory`);
  if (!stats.isFile()) return;
  if (stats.size === 0) throw new DmfdError('key-unusable', `${subject}: it is empty`);
  const left = stats.size - position;
  if (left <= 0) throw new DmfdError('key-unusable', `${subject}: nothing is left to read`);
  if (left > maxKeyBytes()) {
    const message = `${subject}: ${left} bytes, and a key has at most ${maxKeyBytes()}`;
    throw new DmfdError('key-too-long', message, { hint: KEY_TOO_LONG_HINT });
  }
}

/** How far the file behind a descriptor was read. NaN, which is neither too little nor too much, where /proc does not tell. */
function positionOf(fd: number): number {
  return Number(/^pos:\s*(\d+)/.exec(readIfThere(`/proc/self/fdinfo/${fd}`))?.[1]);
}

export const KEY_TOO_LONG_HINT = 'all bytes of the file or descriptor are the key';

function checkMode(subject: string, stats: Stats): string[] {
  if (!stats.isFile() || (stats.mode & 0o004) === 0) return [];
  return [`${subject}: every user can read it (mode ${(stats.mode & 0o777).toString(8).padStart(4, '0')})`];
}
