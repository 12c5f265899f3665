const COLUMNS = 100;
const ADVANCE = 8.4;
const LINE = 19;
const MARGIN = 16;

type Kind = 'remark' | 'command' | 'output';

interface Row {
  readonly kind: Kind;
  readonly text: string;
}

/** A terminal with a transcript of the demo: what was said, typed and printed, each line a `<text>`. */
export function pictureOf(transcript: string): string {
  const rows = transcript.trim().split('\n').flatMap(rowsOf);
  const width = Math.round(COLUMNS * ADVANCE + 2 * MARGIN);
  const height = rows.length * LINE + 2 * MARGIN;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>What make demo prints</title>
<style>
text { font: 14px ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace; white-space: pre; fill: #c9d1d9 }
.remark { fill: #8b949e }
.command { fill: #7ee787 }
</style>
<rect width="100%" height="100%" rx="8" fill="#0d1117"/>
${rows.map(drawn).join('\n')}
</svg>
`;
}

/** A line; where it is longer than the terminal is wide, its parts, each with the blank that ends it. */
function rowsOf(line: string): Row[] {
  const kind = line.startsWith('# ') ? 'remark' : line.startsWith('$ ') ? 'command' : 'output';
  const parts = line.match(new RegExp(`.{1,${COLUMNS - 1}}(?: |$)|.{1,${COLUMNS}}`, 'gu')) ?? [''];
  return parts.map((text) => ({ kind, text }));
}

/** As wide as its columns, whatever the font is. */
function drawn({ kind, text }: Row, index: number): string {
  if (text.trim() === '') return '';
  const [x, y] = [MARGIN, MARGIN + (index + 0.75) * LINE];
  const length = (text.length * ADVANCE).toFixed(1);
  return `<text class="${kind}" x="${x}" y="${y}" textLength="${length}" xml:space="preserve">${escaped(text)}</text>`;
}

function escaped(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replaceAll('\t', '    ');
}
