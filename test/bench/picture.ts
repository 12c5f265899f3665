/** What was measured against what was asked for, as a picture: a bar for each row, up to 1 and less where that was reached. */
import { type Outcome, shareOfBound } from './measure.js';
import type { Results } from './results.js';

const TITLE = 'Measured, as a share of what was asked for (1 and less: reached)';
const WIDTH = 860;
const LABELS = 400;
const ROW = 28;
const TOP = 48;
const BOTTOM = 36;
/** Powers of two at the ends of the axis. */
const LOWEST = -5;
const HIGHEST = 3;

export function pictureOf({ outcomes }: Results): string {
  const rows = outcomes.filter((outcome) => outcome.bound !== undefined);
  const height = TOP + rows.length * ROW + BOTTOM;
  const parts = [
    `<title>${TITLE}</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    text(16, 26, TITLE, 'font-weight="bold"'),
    ...gridOf(height),
    ...rows.flatMap(barOf),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="sans-serif" font-size="13" fill="#1f2328">
${parts.map((part) => `  ${part}\n`).join('')}</svg>
`;
}

function gridOf(height: number): string[] {
  const powers = Array.from({ length: HIGHEST - LOWEST + 1 }, (_, index) => LOWEST + index);
  return powers.flatMap((power) => {
    const x = placeOf(2 ** power);
    const colour = power === 0 ? '#1f2328' : '#d0d7de';
    return [
      `<line x1="${x}" y1="${TOP - 8}" x2="${x}" y2="${height - BOTTOM + 4}" stroke="${colour}"/>`,
      text(
        x,
        height - BOTTOM + 20,
        power < 0 ? `1/${2 ** -power}` : String(2 ** power),
        'text-anchor="middle"',
      ),
    ];
  });
}

function barOf(outcome: Outcome, index: number): string[] {
  const y = TOP + index * ROW;
  const share = shareOfBound(outcome) ?? Number.NaN;
  const from = placeOf(2 ** LOWEST);
  const to = placeOf(share);
  const [low, high] = endsOf(outcome).map(placeOf) as [number, number];
  const middle = y + ROW / 2 - 3;
  return [
    text(LABELS - 8, middle + 4, outcome.name.replaceAll('`', ''), 'text-anchor="end"'),
    `<rect x="${from}" y="${y}" width="${round(to - from)}" height="${ROW - 8}" fill="${share <= 1 ? '#2da44e' : '#cf7222'}"/>`,
    `<line x1="${low}" y1="${middle}" x2="${high}" y2="${middle}" stroke="#1f2328" stroke-width="2"/>`,
    text(Math.max(to, high) + 6, middle + 4, share.toFixed(2)),
  ];
}

/** Of the spread, as {@link shareOfBound} has the median. */
function endsOf(outcome: Outcome): number[] {
  const { least, most } = outcome.came;
  return [least, most].map(
    (end) => shareOfBound({ ...outcome, came: { ...outcome.came, median: end } }) ?? Number.NaN,
  );
}

function placeOf(share: number): number {
  const power = Math.min(Math.max(Math.log2(Math.max(share, 1e-9)), LOWEST), HIGHEST);
  return round(LABELS + ((power - LOWEST) / (HIGHEST - LOWEST)) * (WIDTH - LABELS - 48));
}

function round(number: number): number {
  return Math.round(number * 10) / 10;
}

function text(x: number, y: number, words: string, attributes = ''): string {
  const escaped = words.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${x}" y="${y}"${attributes === '' ? '' : ` ${attributes}`}>${escaped}</text>`;
}
