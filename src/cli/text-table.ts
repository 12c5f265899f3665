import { printable } from './output.js';

export interface Column {
  readonly heading: string;
  /** Numbers stand at the right. */
  readonly right?: boolean;
}

/** What stands in a row under a column: several lines where there are several things. */
export interface Cell {
  readonly lines: readonly string[];
  /** Of its letters, as `ESC [ … m` has it. */
  readonly colour?: string | undefined;
}

export interface Look {
  readonly headings: boolean;
  readonly colour: boolean;
}

const BOLD = '1';

/** Lines of a table whose columns stand below each other; nothing for no rows. Control characters are written out. */
export function formatRows(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  { headings, colour }: Look,
): string[] {
  if (rows.length === 0) return [];
  const first = headings ? [columns.map(({ heading }) => ({ lines: [heading], colour: BOLD }))] : [];
  const all = [...first, ...rows].map((row) =>
    row.map(({ lines, colour }): Cell => ({ lines: lines.map(printable), colour })),
  );
  const widths = columns.map((_, index) =>
    Math.max(...all.flatMap((row) => (row[index]?.lines ?? []).map((line) => widthOf(line)))),
  );
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

function widthOf(text: string): number {
  return [...text].length;
}

function paint(text: string, colour: string | undefined): string {
  return colour === undefined || text === '' ? text : `\x1b[${colour}m${text}\x1b[0m`;
}
