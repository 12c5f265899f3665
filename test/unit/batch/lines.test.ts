import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { linesOf } from '../../../src/batch/lines.js';

/** The lines of what comes in these chunks; a line of more than 10 bytes is too long. */
async function linesIn(...chunks: (string | Buffer)[]): Promise<[number, string | undefined][]> {
  const found: [number, string | undefined][] = [];
  const bytes = Readable.from(chunks.map((chunk) => Buffer.from(chunk)));
  for await (const { number, bytes: line } of linesOf(bytes, 10))
    found.push([number, line?.toString('latin1')]);
  return found;
}

test.each<[what: string, chunks: string[], lines: [number, string | undefined][]]>([
  ['nothing', [], []],
  ['an end alone', ['\n'], []],
  ['one line', ['abc\n'], [[1, 'abc']]],
  [
    'a last line without an end',
    ['abc\nde'],
    [
      [1, 'abc'],
      [2, 'de'],
    ],
  ],
  [
    'several in one chunk',
    ['a\nb\nc\n'],
    [
      [1, 'a'],
      [2, 'b'],
      [3, 'c'],
    ],
  ],
  [
    'one in several chunks',
    ['a', 'b', 'c\nd', '\n'],
    [
      [1, 'abc'],
      [2, 'd'],
    ],
  ],
  [
    'blank ones, which are counted',
    ['\n \t\n\r\na\n', '  ', '\nb'],
    [
      [4, 'a'],
      [6, 'b'],
    ],
  ],
  [
    'CRLF, whose CR is blank in JSON',
    ['a\r\nb\r\n'],
    [
      [1, 'a\r'],
      [2, 'b\r'],
    ],
  ],
  ['a CR alone, which ends nothing', ['a\rb\n'], [[1, 'a\rb']]],
  [
    'NUL',
    ['a\0b\n\0\n'],
    [
      [1, 'a\0b'],
      [2, '\0'],
    ],
  ],
  ['as long as may be', ['0123456789\n'], [[1, '0123456789']]],
  [
    'too long',
    ['0123456789a\nb\n'],
    [
      [1, undefined],
      [2, 'b'],
    ],
  ],
  [
    'too long, in parts',
    ['01234', '56789', 'a', 'b\nc', 'd\n'],
    [
      [1, undefined],
      [2, 'cd'],
    ],
  ],
  [
    'too long, at the end',
    ['a\n0123456789', '0'],
    [
      [1, 'a'],
      [2, undefined],
    ],
  ],
  [
    'too long and blank',
    ['           \na'],
    [
      [1, undefined],
      [2, 'a'],
    ],
  ],
])('%s', async (_what, chunks, lines) => {
  expect(await linesIn(...chunks)).toEqual(lines);
});

test('a character in two chunks stays whole', async () => {
  const [first, second] = [Buffer.from('é').subarray(0, 1), Buffer.from('é').subarray(1)];
  expect(await linesIn(first, second, '\n')).toEqual([[1, Buffer.from('é').toString('latin1')]]);
});

test('what is too long is not kept', async () => {
  const chunk = Buffer.alloc(1024 * 1024, 'x');
  async function* endless(): AsyncGenerator<Buffer> {
    for (let count = 0; count < 2048; count++) yield chunk;
    yield Buffer.from('\nend\n');
  }
  const before = process.memoryUsage().external;
  const found = [];
  for await (const { number, bytes } of linesOf(endless())) found.push([number, bytes?.toString()]);
  expect(found).toEqual([
    [1, undefined],
    [2, 'end'],
  ]);
  // Two GiB of the same bytes went through, which the list alone would hold as views.
  expect(process.memoryUsage().external - before).toBeLessThan(256 * 1024 * 1024);
});
