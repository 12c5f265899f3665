import { DmfdError } from '../errors.js';
import { encodeRequest, type RequestHeader } from './header.js';
import { PlainLines, type Target } from './plain-lines.js';
import { HEADER_SIZE, MAX_DATA_SIZE, MAX_TARGETS, TARGET_SPEC_SIZE, TARGET_TYPE_FIELD } from './protocol.js';

declare const checkedTable: unique symbol;

/** Targets without gap or overlap from sector 0, within what one call to the kernel takes. */
export type Table = readonly Target[] & { readonly [checkedTable]: true };

/** The origin of a table's lines, for messages: an option, a file. */
export interface TableSource {
  readonly label: string;
  readonly text: string;
}

const MAX_SECTORS = 2n ** 64n - 1n;
/** More would be more bytes than a signed 64-bit file offset can reach, which the kernel refuses as "too large". */
const MAX_LENGTH = 2n ** 54n - 1n;
const LINE = /^[ \t]*([^ \t]+)(?:[ \t]+([^ \t]+)(?:[ \t]+([^ \t]+)(?:[ \t]+(.*))?)?)?[ \t]*$/s;

/** The name that `dmsetup table` prints in front of each line. */
const NAME_IN_FRONT = /^[ \t]*(\S+):(?=[ \t]|$)/;

/**
 * Reads table lines, `start length target args…`; blank lines and lines that start with `#` say nothing. In front of each may
 * stand the name of the device, as `dmsetup table` prints it: the same one in all lines.
 *
 * @throws DmfdError `usage` that names the line and what its word should have been
 */
export function parseTable(sources: readonly TableSource[]): Table {
  const targets: Target[] = [];
  let next = 0n;
  let size = HEADER_SIZE;
  let named: string | undefined;
  for (const source of sources) {
    const { text } = source;
    const plain = new PlainLines(text);
    let line = 0;
    for (let from = 0, end: number; from < text.length; from = end + 1) {
      line++;
      end = text.indexOf('\n', from);
      if (end < 0) end = text.length;
      let target = plain.read(from, end, next);
      if (target === undefined) {
        const words = text.slice(from, end).replace(/\r$/, '');
        if (/^\s*(#|$)/.test(words)) continue;
        const where = `${source.label}, line ${line}`;
        const [front = '', name] = NAME_IN_FRONT.exec(words) ?? [];
        if (name !== undefined && name !== (named ?? name)) throw mixed(where, name, named);
        named ??= name;
        target = parseLine(where, words.slice(front.length), next);
      }
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
  if (line.includes('\0')) throw invalid(`${where}: a NUL byte stands in it`);
  const odd = ODD_BLANK.exec(line)?.[0];
  if (odd !== undefined)
    throw invalid(
      `${where}: ${ODD_BLANKS[odd] ?? 'an odd blank'} stands in it`,
      'only spaces and tabs part the columns',
    );
  const [, first = '', second, type, params = ''] = LINE.exec(line) ?? [];
  const start = parseSectors(where, 'the 1st column, the start sector,', first);
  if (second === undefined) throw missing(where, 'the 2nd column, the length in sectors,');
  const length = parseSectors(where, 'the 2nd column, the length in sectors,', second);
  if (type === undefined) throw missing(where, 'the 3rd column, the target type,');
  if (start !== next) throw misplaced(where, start, next);
  if (length === 0n) throw invalid(`${where}: the 2nd column, the length in sectors, is 0`);
  if (start + length > MAX_SECTORS) {
    throw invalid(`${where}: start ${start} plus length ${length} is more sectors than 64 bits can count`);
  }
  if (start + length > MAX_LENGTH) {
    throw invalid(
      `${where}: the device would have ${start + length} sectors, and at most ${MAX_LENGTH} are possible`,
    );
  }
  if (Buffer.byteLength(type) >= TARGET_TYPE_FIELD) {
    throw invalid(
      `${where}: the 3rd column, the target type, is ${JSON.stringify(type)}: at most ${TARGET_TYPE_FIELD - 1} bytes are allowed`,
    );
  }
  return { start, length, type, params };
}

/** Blanks in text that was copied from a web page or a terminal. */
const ODD_BLANKS: Readonly<Record<string, string>> = {
  '\u00a0': 'a no-break space (U+00A0)',
  '\r': 'a carriage return',
  '\v': 'a vertical tab',
  '\f': 'a form feed',
};
const ODD_BLANK = /[\u00a0\r\v\f]/;

const COLUMNS = 'a table line reads: START LENGTH TARGET ARGS…, in sectors of 512 bytes';

function parseSectors(where: string, column: string, word: string): bigint {
  if (!/^\d+$/.test(word)) {
    throw invalid(`${where}: ${column} is ${JSON.stringify(word)}, and not a whole decimal number`, COLUMNS);
  }
  const sectors = BigInt(word);
  if (sectors > MAX_SECTORS) throw invalid(`${where}: ${column} is ${word}, more than 64 bits can count`);
  return sectors;
}

function mixed(where: string, name: string, before: string | undefined): Error {
  return invalid(
    `${where}: it is of device ${JSON.stringify(name)}, and the lines before it of ${JSON.stringify(before)}`,
    'a table is of one device: "dmsetup table NAME" prints one',
  );
}

function missing(where: string, column: string): Error {
  return invalid(`${where}: ${column} is missing`, COLUMNS);
}

function misplaced(where: string, start: bigint, next: bigint): Error {
  if (next === 0n) return invalid(`${where}: it starts at sector ${start}; a table must start at 0`);
  const what = start > next ? 'leaves a gap after' : 'overlaps';
  return invalid(
    `${where}: it starts at sector ${start} and ${what} the line before it, which ends at ${next}`,
  );
}

function checkTotals(sources: readonly TableSource[], targets: readonly Target[], size: number): void {
  const where = sources.length === 1 ? (sources[0]?.label ?? 'the table') : 'the table';
  if (targets.length === 0) {
    throw invalid(`${where}: there is no table line in it`, COLUMNS);
  }
  if (targets.length > MAX_TARGETS) {
    throw invalid(`${where}: ${targets.length} lines, and the kernel takes at most ${MAX_TARGETS}`);
  }
  if (size > MAX_DATA_SIZE) {
    throw invalid(`${where}: ${size} bytes for the kernel, which takes at most ${MAX_DATA_SIZE}`);
  }
}

/** The word in a table that the MAJ:MIN of a loop device stands for, and the one for its size in sectors. */
const LOOP_WORD = /\{loop(\d+)\}/g;
const SECTORS_WORD = /\{sectors(\d+)\}/g;

/** The numbers of the loop devices that a text says `{loopN}` of, in its own order. */
export function loopNumbers(text: string): number[] {
  return Array.from(text.matchAll(LOOP_WORD), ([, digits]) => Number(digits));
}

/** The same of `{sectorsN}`. */
export function sectorsNumbers(text: string): number[] {
  return Array.from(text.matchAll(SECTORS_WORD), ([, digits]) => Number(digits));
}

/** The table with the loop devices' numbers in it; `numbers` as MAJ:MIN. */
export function substituteLoops(table: Table, numbers: readonly string[]): Table {
  if (numbers.length === 0) return table;
  return table.map((target) => ({
    ...target,
    params: target.params.replace(LOOP_WORD, (word, digits) => numbers[Number(digits)] ?? word),
  })) as unknown as Table;
}

/** Sources with the sizes of the loop devices in them, in sectors. */
export function substituteSectors(
  sources: readonly TableSource[],
  sectors: readonly bigint[],
): TableSource[] {
  return sources.map(({ label, text }) => ({
    label,
    text: text.replace(SECTORS_WORD, (word, digits) => String(sectors[Number(digits)] ?? word)),
  }));
}

/** Lines as {@link parseTable} reads them. */
export function formatTable(table: Table): string {
  return table
    .map(({ start, length, type, params }) => `${start} ${length} ${type} ${params}`.trim())
    .join('\n');
}

function invalid(message: string, hint?: string): DmfdError {
  return new DmfdError('invalid-table', message, { hint });
}

/** The word in a table that a key stands for. */
export const KEY_WORD = '{key}';

/** Where a request says {@link KEY_WORD}: offsets in bytes from the start of the request. */
export interface KeyPlace {
  /** Of the entry of its target. */
  readonly targetAt: number;
  readonly at: number;
  /** The target is dm-crypt, which takes a reference to a keyring as well. */
  readonly isCrypt: boolean;
}

/**
 * A whole DM_TABLE_LOAD request. In: name or UUID, DM_READONLY_FLAG, DM_SECURE_DATA_FLAG. `next` of an entry counts from the
 * start of that entry.
 */
export function encodeTableLoad(header: RequestHeader, table: Table): Buffer {
  const size = table.reduce((sum, target) => sum + targetSize(target), 0);
  const request = encodeRequest({ ...header, targetCount: table.length }, size);
  const view = new DataView(request.buffer, request.byteOffset, request.length);
  const types = new Map<string, Buffer>();
  let at = HEADER_SIZE;
  for (const { start, length, type, params } of table) {
    const written = params === '' ? 0 : request.write(params, at + TARGET_SPEC_SIZE, 'utf8');
    const entrySize = entrySizeOf(written);
    view.setBigUint64(at, start, true);
    view.setBigUint64(at + 8, length, true);
    view.setUint32(at + 20, entrySize, true);
    // A table of thousands of lines has few types.
    const name = types.get(type) ?? Buffer.from(type);
    types.set(type, name);
    request.set(name, at + 24);
    at += entrySize;
  }
  return request;
}

/** Bytes that a target takes in a request. */
function targetSize({ params }: Target): number {
  return entrySizeOf(params === '' ? 0 : Buffer.byteLength(params));
}

/** The kernel wants every entry aligned to 8. */
function entrySizeOf(paramBytes: number): number {
  return (TARGET_SPEC_SIZE + paramBytes + 1 + 7) & ~7;
}

/** The places of the key in what {@link encodeTableLoad} makes of the table, in ascending order. */
export function findKeyPlaces(table: Table): KeyPlace[] {
  const places: KeyPlace[] = [];
  let targetAt = HEADER_SIZE;
  for (const target of table) {
    const params = Buffer.from(target.params);
    for (let at = params.indexOf(KEY_WORD); at >= 0; at = params.indexOf(KEY_WORD, at + KEY_WORD.length)) {
      places.push({ targetAt, at: targetAt + TARGET_SPEC_SIZE + at, isCrypt: target.type === 'crypt' });
    }
    targetAt += targetSize(target);
  }
  return places;
}
