import { isUtf8 } from 'node:buffer';
import { closeSync, constants, readSync } from 'node:fs';
import type { TableSource } from '../dm/table.js';
import { needItself, served } from '../handoff/served.js';
import { errnoError, errnoOf } from '../kernel/errno.js';
import { openGivenFile } from '../kernel/given-file.js';
import { shim } from '../kernel/shim.js';
import { statIfThere } from '../kernel/stat.js';
import { usageError } from './usage-error.js';

/** The tables that the options name: lines first, then files. */
export function readTables(lines: readonly string[], files: readonly string[]): TableSource[] {
  if (lines.length + files.length === 0) {
    throw usageError(
      'no table was given',
      "say what the device consists of: --table 'START LENGTH TARGET ARGS…', or --table-file FILE",
    );
  }
  return [
    ...lines.map((text, index) => ({
      label: lines.length === 1 ? '--table' : `--table number ${index + 1}`,
      text,
    })),
    ...files.map(readTableFile),
  ];
}

/** A key by its name in the keyrings of the caller: a service has others, where that may be another key. */
const KEY_IN_KEYRING = /:\d+:(?:logon|user|encrypted|trusted):/;

/** @throws OnlyByItself in a service, for tables with such a key */
export function needOwnKeyrings(tables: readonly TableSource[]): void {
  if (tables.some(({ text }) => KEY_IN_KEYRING.test(text))) needItself();
}

/** The table in a file; `-` is standard input. @throws DmfdError `usage` */
export function readTableFile(file: string): TableSource {
  if (served() !== undefined && isToBeWaitedFor(file)) needItself();
  if (file === '-') return read('standard input', 0);
  const fd = openGivenFile({
    subject: `table file ${file}`,
    path: file,
    flags: constants.O_RDONLY | constants.O_NOCTTY,
    use: 'read',
    code: 'command-line',
  });
  try {
    return read(file, fd);
  } finally {
    closeSync(fd);
  }
}

function isToBeWaitedFor(file: string): boolean {
  return file === '-' || statIfThere(file)?.isFile() === false;
}

function read(label: string, fd: number): TableSource {
  try {
    return { label, text: decode(label, readToEnd(fd)) };
  } catch (cause) {
    const errno = errnoOf(cause);
    if (errno === undefined) throw cause;
    const said = `table file ${label}: cannot read it: ${errno.name}, ${errno.words}`;
    throw errnoError(`read ${label}`, errno, { code: 'command-line', said, cause });
  }
}

const PART_BYTES = 65_536;

/** Standard input may be non-blocking: whoever shares it with dmfd decides that. */
function readToEnd(fd: number): Buffer {
  const parts: Buffer[] = [];
  const part = Buffer.alloc(PART_BYTES);
  for (;;) {
    try {
      const size = readSync(fd, part);
      if (size === 0) return Buffer.concat(parts);
      parts.push(Buffer.from(part.subarray(0, size)));
    } catch (error) {
      if (errnoOf(error)?.name !== 'EAGAIN') throw error;
      shim.waitReadable(fd, -1);
    }
  }
}

/** Some editors put one at the start of a file. */
const BYTE_ORDER_MARK = /^\ufeff/;

/** Bytes that are not UTF-8 could not be passed on unchanged. */
function decode(label: string, bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8').replace(BYTE_ORDER_MARK, '');
  const line = bytes
    .toString('latin1')
    .split('\n')
    .findIndex((text) => !isUtf8(Buffer.from(text, 'latin1')));
  throw usageError(`table file ${label}, line ${line + 1}: it is not valid UTF-8`);
}
