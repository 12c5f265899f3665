import { closeSync, constants, fstatSync, openSync, type Stats, statSync } from 'node:fs';
import { DmfdError, usageError } from '../errors.js';
import { type Errno, errnoOf } from '../kernel/errno.js';

const SECTOR = 512;

/** A file, open to be attached. */
export interface BackingFile {
  readonly fd: number;
  /** What the user should know before relying on it. */
  readonly warning: string | undefined;
}

/**
 * Opens the file to put under a loop device.
 *
 * @throws DmfdError `usage` for what is no file, is empty, or may not be opened that way
 */
export function openBackingFile(path: string, readOnly: boolean): BackingFile {
  // Before opening: opening a FIFO would wait for its other end.
  const kind = describeKind(look(path));
  if (kind !== undefined)
    throw usageError(`loop file ${JSON.stringify(path)}: it is ${kind}, not a file or a block device`);
  const fd = open(path, readOnly);
  try {
    return { fd, warning: checkSize(path, fd) };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function look(path: string): Stats {
  try {
    return statSync(path);
  } catch (error) {
    throw cannot(path, 'find', error);
  }
}

function describeKind(stats: Stats): string | undefined {
  if (stats.isFile() || stats.isBlockDevice()) return undefined;
  if (stats.isDirectory()) return 'a directory';
  if (stats.isFIFO()) return 'a FIFO';
  if (stats.isSocket()) return 'a socket';
  return 'a character device';
}

function open(path: string, readOnly: boolean): number {
  try {
    return openSync(path, (readOnly ? constants.O_RDONLY : constants.O_RDWR) | constants.O_NONBLOCK);
  } catch (error) {
    throw cannot(path, readOnly ? 'read' : 'write', error);
  }
}

function cannot(path: string, what: string, error: unknown): unknown {
  const errno = errnoOf(error);
  if (errno === undefined) return error;
  const hint = hintFor(errno, what);
  return new DmfdError(
    'usage',
    `loop file ${JSON.stringify(path)}: cannot ${what} it: ${errno.name}, ${errno.words}`,
    {
      operation: `open ${path}`,
      errno: errno.name,
      ...(hint === undefined ? {} : { hint }),
      cause: error,
    },
  );
}

const WRITE_REFUSED: readonly string[] = ['EACCES', 'EPERM', 'EROFS', 'ETXTBSY'];

function hintFor(errno: Errno, what: string): string | undefined {
  if (errno.name === 'ENOENT') return 'check the name, or make the file: truncate -s 64M FILE';
  if (what === 'write' && WRITE_REFUSED.includes(errno.name))
    return 'use --readonly for a device that is only read';
  return undefined;
}

function checkSize(path: string, fd: number): string | undefined {
  const stats = fstatSync(fd, { bigint: true });
  if (!stats.isFile()) return undefined;
  if (stats.size === 0n) {
    throw usageError(
      `loop file ${JSON.stringify(path)}: it is empty`,
      `give it a size first: truncate -s 64M ${path}`,
    );
  }
  if (stats.size < SECTOR) {
    throw usageError(
      `loop file ${JSON.stringify(path)}: ${stats.size} bytes, less than one sector of ${SECTOR}`,
    );
  }
  const rest = stats.size % BigInt(SECTOR);
  if (rest === 0n) return undefined;
  return `loop file ${JSON.stringify(path)}: its ${stats.size} bytes are no multiple of ${SECTOR}; the last ${rest} are left out`;
}
