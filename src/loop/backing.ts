import { closeSync, constants, fstatSync } from 'node:fs';
import { DmfdError } from '../errors.js';
import type { Errno } from '../kernel/errno.js';
import { type GivenFile, openGivenFile } from '../kernel/given-file.js';

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
  const subject = `loop file ${JSON.stringify(path)}`;
  const fd = openGivenFile({
    subject,
    path,
    flags: (readOnly ? constants.O_RDONLY : constants.O_RDWR) | constants.O_NONBLOCK,
    use: readOnly ? 'read' : 'write',
    kinds: ['a file', 'a block device'],
    code: 'loop-file-unusable',
    explain,
  });
  try {
    return { fd, warning: checkSize(subject, path, fd) };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

const WRITE_REFUSED: readonly string[] = ['EACCES', 'EPERM', 'EROFS', 'ETXTBSY'];

function explain({ name }: Errno, action: string): ReturnType<NonNullable<GivenFile['explain']>> {
  if (name === 'ENOENT') return { hint: 'check the name, or make the file: truncate -s 64M FILE' };
  if (action === 'write' && WRITE_REFUSED.includes(name))
    return { code: 'loop-file-not-writable', hint: 'use `readOnly` for a device that is only read' };
  return {};
}

function checkSize(subject: string, path: string, fd: number): string | undefined {
  const stats = fstatSync(fd, { bigint: true });
  if (!stats.isFile()) return undefined;
  if (stats.size === 0n) {
    throw new DmfdError('loop-file-unusable', `${subject}: it is empty`, {
      hint: `give it a size first: truncate -s 64M ${path}`,
    });
  }
  if (stats.size < SECTOR) {
    throw new DmfdError(
      'loop-file-unusable',
      `${subject}: ${stats.size} bytes, less than one sector of ${SECTOR}`,
    );
  }
  const rest = stats.size % BigInt(SECTOR);
  if (rest === 0n) return undefined;
  return `${subject}: its ${stats.size} bytes are no multiple of ${SECTOR}; the last ${rest} are left out`;
}
