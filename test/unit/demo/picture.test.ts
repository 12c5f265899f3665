import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { acts } from '../../vm/demo/acts.js';
import { pictureOf } from '../../vm/demo/picture.js';
import { checkout } from '../../vm/harness/checkout.js';

/** The lines of a picture, as they are read. */
function linesOf(picture: string): string[] {
  return [...picture.matchAll(/<text class="\w+" [^>]*>(.*)<\/text>/g)].map(([, text = '']) =>
    text.replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&amp;/g, '&'),
  );
}

/** What the demo says and types. */
async function script(): Promise<string[]> {
  const lines: string[] = [];
  const stage = {
    say: (text: string) => lines.push(`# ${text}`),
    type: async (command: string) => lines.push(`$ ${command}`),
    start: async (command: string) => lines.push(`$ ${command} &`),
    kill: async () => undefined,
    endInput: async (_process: unknown, remark: string) => lines.push(`$ ${remark}`),
  };
  for (const act of acts) await act(stage as never);
  return lines;
}

test('each line of a transcript is one of the picture, and a long one several', () => {
  const long = `$ ${'x'.repeat(60)} ${'y'.repeat(60)} ${'z'.repeat(150)}`;
  const picture = pictureOf(`# say\n$ a <b> && c\nout\tput\n\n${long}`);
  expect(linesOf(picture)).toEqual([
    '# say',
    '$ a <b> && c',
    'out    put',
    `$ ${'x'.repeat(60)} `,
    `${'y'.repeat(60)} `,
    'z'.repeat(100),
    'z'.repeat(50),
  ]);
  expect(picture).toContain('class="command"');
});

test('the picture in the README is of the demo as it is', async () => {
  const shown = linesOf(readFileSync(join(checkout, 'docs/demo.svg'), 'utf8')).join('');
  for (const line of await script()) expect(shown).toContain(line);
});
