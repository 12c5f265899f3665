import { usageError } from '../errors.js';
import { HEADER_SIZE, MAX_DATA_SIZE, MAX_TARGETS, TARGET_TYPE_FIELD } from './protocol.js';
import { targetSize } from './table-load.js';

/** One line of a table. */
export interface Target {
  /** First sector (of 512 bytes) of the device that this target serves. */
  readonly start: bigint;
  /** Sectors of 512 bytes. */
  readonly length: bigint;
  readonly type: string;
  /** What the target type wants to know, untouched. */
  readonly params: string;
}

declare const checkedTable: unique symbol;

/** Targets without gap or overlap from sector 0, within what one call to the kernel takes. */
export type Table = readonly Target[] & { readonly [checkedTable]: true };

/** Where the lines of a table come from, for messages: an option, a file. */
export interface TableSource {
  readonly label: string;
  readonly text: string;
}

const MAX_SECTORS = 2n ** 64n - 1n;
/** More would be more bytes than a signed 64-bit file offset can reach, which the kernel refuses as "too large". */
const MAX_LENGTH = 2n ** 54n - 1n;
const LINE = /^[ \t]*([^ \t]+)(?:[ \t]+([^ \t]+)(?:[ \t]+([^ \t]+)(?:[ \t]+(.*))?)?)?[ \t]*$/s;

/**
 * Reads table lines, `start length target args…`; blank lines and lines that start with `#` say nothing.
 *
 * @throws DmfdError `usage` that names the line and what its word should have been
 */
export function parseTable(sources: readonly TableSource[]): Table {
  const targets: Target[] = [];
  let next = 0n;
  let size = HEADER_SIZE;
  for (const source of sources) {
    for (const [index, line] of source.text.split(/\r?\n/).entries()) {
      if (/^\s*(#|$)/.test(line)) continue;
      const where = `${source.label}, line ${index + 1}`;
      const target = parseLine(where, line, next);
      targets.push(target);
      next = target.start + target.length;
      size += targetSize(target);
    }
  }
  checkTotals(sources, targets, size);
  return targets as unknown as Table;
}

/** The size of the device in sectors of 512 bytes. */
export function tableLength(table: Table): bigint {
  const last = table.at(-1);
  return last === undefined ? 0n : last.start + last.length;
}

function parseLine(where: string, line: string, next: bigint): Target {
  if (line.includes('\0')) throw usageError(`${where}: a NUL byte stands in it`);
  const odd = ODD_BLANK.exec(line)?.[0];
  if (odd !== undefined)
    throw usageError(
      `${where}: ${ODD_BLANKS[odd] ?? 'an odd blank'} stands in it`,
      'only spaces and tabs part the columns',
    );
  const [, first = '', second, type, params = ''] = LINE.exec(line) ?? [];
  const start = parseSectors(where, 'the 1st column, the start sector,', first);
  if (second === undefined) throw missing(where, 'the 2nd column, the length in sectors,');
  const length = parseSectors(where, 'the 2nd column, the length in sectors,', second);
  if (type === undefined) throw missing(where, 'the 3rd column, the target type,');
  if (start !== next) throw misplaced(where, start, next);
  if (length === 0n) throw usageError(`${where}: the 2nd column, the length in sectors, is 0`);
  if (start + length > MAX_SECTORS) {
    throw usageError(`${where}: start ${start} plus length ${length} is more sectors than 64 bits can count`);
  }
  if (start + length > MAX_LENGTH) {
    throw usageError(
      `${where}: the device would have ${start + length} sectors, and at most ${MAX_LENGTH} are possible`,
    );
  }
  if (Buffer.byteLength(type) >= TARGET_TYPE_FIELD) {
    throw usageError(
      `${where}: the 3rd column, the target type, is ${JSON.stringify(type)}: at most ${TARGET_TYPE_FIELD - 1} bytes are allowed`,
    );
  }
  return { start, length, type, params };
}

/** What text copied from a web page or a terminal has between its words. */
const ODD_BLANKS: Readonly<Record<string, string>> = {
  '\u00a0': 'a no-break space (U+00A0)',
  '\r': 'a carriage return',
  '\v': 'a vertical tab',
  '\f': 'a form feed',
};
const ODD_BLANK = /[\u00a0\r\v\f]/;

function parseSectors(where: string, column: string, word: string): bigint {
  if (!/^\d+$/.test(word)) {
    throw usageError(
      `${where}: ${column} is ${JSON.stringify(word)}, and not a whole decimal number`,
      'a table line reads: START LENGTH TARGET ARGS…, in sectors of 512 bytes',
    );
  }
  const sectors = BigInt(word);
  if (sectors > MAX_SECTORS) throw usageError(`${where}: ${column} is ${word}, more than 64 bits can count`);
  return sectors;
}

function missing(where: string, column: string): Error {
  return usageError(
    `${where}: ${column} is missing`,
    'a table line reads: START LENGTH TARGET ARGS…, in sectors of 512 bytes',
  );
}

function misplaced(where: string, start: bigint, next: bigint): Error {
  if (next === 0n) return usageError(`${where}: it starts at sector ${start}; a table must start at 0`);
  const what = start > next ? 'leaves a gap after' : 'overlaps';
  return usageError(
    `${where}: it starts at sector ${start} and ${what} the line before it, which ends at ${next}`,
  );
}

function checkTotals(sources: readonly TableSource[], targets: readonly Target[], size: number): void {
  const where = sources.length === 1 ? (sources[0]?.label ?? 'the table') : 'the table';
  if (targets.length === 0) {
    throw usageError(
      `${where}: there is no table line in it`,
      'a table line reads: START LENGTH TARGET ARGS…, in sectors of 512 bytes',
    );
  }
  if (targets.length > MAX_TARGETS) {
    throw usageError(`${where}: ${targets.length} lines, and the kernel takes at most ${MAX_TARGETS}`);
  }
  if (size > MAX_DATA_SIZE) {
    throw usageError(`${where}: ${size} bytes for the kernel, which takes at most ${MAX_DATA_SIZE}`);
  }
}
