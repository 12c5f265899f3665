import { printable } from './printable.js';

export interface Column {
  readonly heading: string;
  /** Numbers stand at the right. */
  readonly right?: boolean;
}

/** The content of a cell: several lines where there are several things. */
export interface Cell {
  readonly lines: readonly string[];
  /** Of its letters, as `ESC [ … m` has it. */
  readonly colour?: string | undefined;
}

export interface Look {
  readonly headings: boolean;
  readonly colour: boolean;
  /** Characters of a line, into which the last column is wrapped; default: as many as it takes. */
  readonly width?: number | undefined;
}

const BOLD = '1';

/** Lines of a table whose columns stand below each other; nothing for no rows. Control characters are written out. */
export function formatRows(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  { headings, colour, width }: Look,
): string[] {
  if (rows.length === 0) return [];
  const first = headings ? [columns.map(({ heading }) => ({ lines: [heading], colour: BOLD }))] : [];
  const written = [...first, ...rows].map((row) =>
    row.map(({ lines, colour }): Cell => ({ lines: lines.map(printable), colour })),
  );
  const widths = columns.map((_, index) =>
    Math.max(...written.flatMap((row) => (row[index]?.lines ?? []).map((line) => widthOf(line)))),
  );
  const all = width === undefined ? written : wrapLast(written, width - sumOf(widths.slice(0, -1)));
  return all.flatMap((row) => {
    const height = Math.max(...row.map(({ lines }) => lines.length));
    return Array.from({ length: height }, (_, line) =>
      row
        .map((cell, index) => {
          const text = cell.lines[line] ?? '';
          const space = ' '.repeat(Math.max(0, (widths[index] ?? 0) - widthOf(text)));
          const painted = colour ? paint(text, cell.colour) : text;
          return columns[index]?.right ? `${space}${painted}` : `${painted}${space}`;
        })
        .join(' ')
        .trimEnd(),
    );
  });
}

/** Of columns, each with the blank after it. */
function sumOf(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width + 1, 0);
}

/** The beginning of further lines of a wrapped one. */
const INDENT = '  ';

/** Parts lines of the last column at blanks, where they are longer than the room that is left for them. */
function wrapLast(rows: readonly (readonly Cell[])[], room: number): readonly (readonly Cell[])[] {
  return rows.map((row) => {
    const last = row.at(-1);
    if (last === undefined) return row;
    return [...row.slice(0, -1), { ...last, lines: last.lines.flatMap((line) => wrap(line, room)) }];
  });
}

/** A word that is too long stays whole. */
function wrap(line: string, room: number): string[] {
  const lines: string[] = [];
  for (const word of line.split(' ')) {
    const before = lines.at(-1);
    if (before !== undefined && widthOf(before) + 1 + widthOf(word) <= room)
      lines[lines.length - 1] = `${before} ${word}`;
    else lines.push(before === undefined ? word : `${INDENT}${word}`);
  }
  return lines;
}

function widthOf(text: string): number {
  return [...text].length;
}

function paint(text: string, colour: string | undefined): string {
  return colour === undefined || text === '' ? text : `\x1b[${colour}m${text}\x1b[0m`;
}
