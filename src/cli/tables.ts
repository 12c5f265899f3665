import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import type { TableSource } from '../dm/table.js';
import { DmfdError, usageError } from '../errors.js';
import { errnoOf } from '../kernel/errno.js';

/** The tables that the options name: lines first, then files. */
export function readTables(lines: readonly string[], files: readonly string[]): TableSource[] {
  if (lines.length + files.length === 0) {
    throw usageError(
      'no table was given',
      "say what the device consists of: --table 'START LENGTH TARGET ARGS…', or --table-file FILE",
    );
  }
  if (files.filter((file) => file === '-').length > 1) {
    throw usageError('--table-file -: standard input can be read only once');
  }
  return [
    ...lines.map((text, index) => ({
      label: lines.length === 1 ? '--table' : `--table number ${index + 1}`,
      text,
    })),
    ...files.map(readTableFile),
  ];
}

function readTableFile(file: string): TableSource {
  const label = file === '-' ? 'standard input' : file;
  try {
    return { label, text: decode(label, readFileSync(file === '-' ? 0 : file)) };
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    throw new DmfdError('usage', `table file ${label}: cannot read it: ${errno.name}, ${errno.words}`, {
      operation: `read ${label}`,
      errno: errno.name,
      cause: error,
    });
  }
}

/** Some editors put one at the start of a file. */
const BYTE_ORDER_MARK = /^\ufeff/;

/** What is no UTF-8 could not be passed on untouched. */
function decode(label: string, bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8').replace(BYTE_ORDER_MARK, '');
  const line = bytes
    .toString('latin1')
    .split('\n')
    .findIndex((text) => !isUtf8(Buffer.from(text, 'latin1')));
  throw usageError(`table file ${label}, line ${line + 1}: it is not valid UTF-8`);
}
