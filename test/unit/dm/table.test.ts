import { describe, expect, test } from 'vitest';
import { decodeReply } from '../../../src/dm/header.js';
import { HEADER_SIZE, MAX_TARGETS } from '../../../src/dm/protocol.js';
import {
  encodeTableLoad,
  findKeyPlaces,
  formatTable,
  loopNumbers,
  parseTable,
  sectorsNumbers,
  substituteLoops,
  substituteSectors,
  tableLength,
} from '../../../src/dm/table.js';
import { testsAll } from '../../vm/default-set.js';
import { refusal } from '../support/refusal.js';

const parse = (text: string) => parseTable([{ label: 'T', text }]);
const HIGHEST = 2n ** 64n - 1n;

describe('a table', () => {
  test('is its lines, parameters untouched', () => {
    const text = '0 8 linear 7:0 0\n8 16 crypt  aes  x \'y\' "z" {}  \n24 1 error';
    expect(parse(text)).toEqual([
      { start: 0n, length: 8n, type: 'linear', params: '7:0 0' },
      { start: 8n, length: 16n, type: 'crypt', params: 'aes  x \'y\' "z" {}  ' },
      { start: 24n, length: 1n, type: 'error', params: '' },
    ]);
  });

  test.each([
    ['comments and blank lines', '# a\n\n0 8 zero\n  # b\n \t\n8 8 zero\n', 2],
    ['CRLF', '0 8 zero\r\n8 8 error\r\n', 2],
    ['indented columns, tabs', ' \t0\t8 \t zero', 1],
    ['numbers with leading zeros', '00 08 zero', 1],
    ['a target type of 15 bytes', `0 8 ${'x'.repeat(15)}`, 1],
  ])('may have %s', (_what, text, lines) => {
    const table = parse(text);
    expect(table).toHaveLength(lines);
    expect(tableLength(table)).toBe(BigInt(8 * lines));
    expect(table.every(({ params }) => params === '')).toBe(true);
  });

  test('may have more than one blank between its words', () => {
    expect(parse('0  8 linear  7:0  0\n8 8 linear  7:0 0').map(({ params }) => params)).toEqual([
      '7:0  0',
      '7:0 0',
    ]);
  });

  test('keeps UTF-8 parameters as they are', () => {
    expect(parse('0 8 delay /dev/mapper/Gerät–デバイス 0 ½')[0]?.params).toBe(
      '/dev/mapper/Gerät–デバイス 0 ½',
    );
  });

  test('goes on from one source to the next', () => {
    const table = parseTable([
      { label: 'A', text: '0 8 zero' },
      { label: 'B', text: '8 8 error' },
    ]);
    expect(tableLength(table)).toBe(16n);
  });

  test('may have 10,000 lines', () => {
    const lines = Array.from({ length: 10_000 }, (_, index) => `${index * 8} 8 linear 7:0 ${index * 16}`);
    const table = parse(lines.join('\n'));
    expect(table).toHaveLength(10_000);
    expect(table[9_999]).toEqual({ start: 79_992n, length: 8n, type: 'linear', params: '7:0 159984' });
  });
});

const COLUMNS = 'a table line reads: START LENGTH TARGET ARGS…, in sectors of 512 bytes';
const BLANKS = 'only spaces and tabs part the columns';

describe('a table is refused', () => {
  test.each<[text: string, message: string, hint?: string]>([
    ['', 'T: there is no table line in it', COLUMNS],
    ['# only\n\n', 'T: there is no table line in it', COLUMNS],
    ['x', 'T, line 1: the 1st column, the start sector, is "x", and not a whole decimal number', COLUMNS],
    [
      '-8 8 zero',
      'T, line 1: the 1st column, the start sector, is "-8", and not a whole decimal number',
      COLUMNS,
    ],
    [
      '0x0 8 zero',
      'T, line 1: the 1st column, the start sector, is "0x0", and not a whole decimal number',
      COLUMNS,
    ],
    [
      '0 64M zero',
      'T, line 1: the 2nd column, the length in sectors, is "64M", and not a whole decimal number',
      COLUMNS,
    ],
    [
      '0 8.0 zero',
      'T, line 1: the 2nd column, the length in sectors, is "8.0", and not a whole decimal number',
      COLUMNS,
    ],
    [
      '0 ٨ zero',
      'T, line 1: the 2nd column, the length in sectors, is "٨", and not a whole decimal number',
      COLUMNS,
    ],
    ['0', 'T, line 1: the 2nd column, the length in sectors, is missing', COLUMNS],
    ['0 8', 'T, line 1: the 3rd column, the target type, is missing', COLUMNS],
    ['0 0 zero', 'T, line 1: the 2nd column, the length in sectors, is 0'],
    ['\n# x\n8 8 zero', 'T, line 3: it starts at sector 8; a table must start at 0'],
    [
      '0 8 zero\n9 8 zero',
      'T, line 2: it starts at sector 9 and leaves a gap after the line before it, which ends at 8',
    ],
    [
      '0 8 zero\n7 8 zero',
      'T, line 2: it starts at sector 7 and overlaps the line before it, which ends at 8',
    ],
    [
      '0 8 zero\n0 8 zero',
      'T, line 2: it starts at sector 0 and overlaps the line before it, which ends at 8',
    ],
    [
      `0 8 ${'x'.repeat(16)}`,
      'T, line 1: the 3rd column, the target type, is "xxxxxxxxxxxxxxxx": at most 15 bytes are allowed',
    ],
    [
      `0 8 ${'ü'.repeat(8)}`,
      'T, line 1: the 3rd column, the target type, is "üüüüüüüü": at most 15 bytes are allowed',
    ],
    [
      `0 ${HIGHEST} zero`,
      `T, line 1: the device would have ${HIGHEST} sectors, and at most ${2n ** 54n - 1n} are possible`,
    ],
    ['0 8 zero a\0b', 'T, line 1: a NUL byte stands in it'],
    ['0 8 linear\u00a07:0 0', 'T, line 1: a no-break space (U+00A0) stands in it', BLANKS],
    ['0 8\vzero', 'T, line 1: a vertical tab stands in it', BLANKS],
    ['0 8 \rzero', 'T, line 1: a carriage return stands in it', BLANKS],
    [
      `0 ${HIGHEST + 1n} zero`,
      `T, line 1: the 2nd column, the length in sectors, is ${HIGHEST + 1n}, more than 64 bits can count`,
    ],
    [
      `${HIGHEST + 1n} 1 zero`,
      `T, line 1: the 1st column, the start sector, is ${HIGHEST + 1n}, more than 64 bits can count`,
    ],
  ])('%j', (text, message, hint) => {
    expect(refusal(() => parse(text))).toMatchObject({ kind: 'usage', message, hint });
  });

  test('with the source that is wrong', () => {
    const sources = [
      { label: '--table', text: '0 8 zero' },
      { label: 'disk.table', text: '# mine\n9 8 zero' },
    ];
    expect(refusal(() => parseTable(sources)).message).toMatch(
      /^disk\.table, line 2: it starts at sector 9 /,
    );
  });

  test('beyond the longest device, up to which it is taken', () => {
    const longest = 2n ** 54n - 1n;
    expect(tableLength(parse(`0 ${longest} zero`))).toBe(longest);
    expect(refusal(() => parse(`0 ${longest} zero\n${longest} 1 zero`))).toMatchObject({
      kind: 'usage',
      message: `T, line 2: the device would have ${longest + 1n} sectors, and at most ${longest} are possible`,
    });
  });

  test('with more lines than the kernel takes', () => {
    const lines = Array.from({ length: MAX_TARGETS + 1 }, (_, index) => `${index} 1 zero`);
    expect(refusal(() => parse(lines.join('\n'))).message).toBe(
      `T: ${MAX_TARGETS + 1} lines, and the kernel takes at most ${MAX_TARGETS}`,
    );
  }, 30_000);

  // A gigabyte of text.
  if (testsAll) {
    test('with more bytes than the kernel takes', () => {
      const params = 'x'.repeat(2 ** 28);
      const lines = Array.from({ length: 4 }, (_, index) => `${index} 1 zero ${params}`);
      const sources = lines.map((text) => ({ label: 'T', text }));
      expect(refusal(() => parseTable(sources)).message).toMatch(
        / 1073742328 bytes for the kernel, which takes at most 1073741824$/,
      );
    }, 120_000);
  }
});

describe('a request to load it', () => {
  test.each([
    ['', 48],
    ['1234567', 48],
    ['12345678', 56],
    ['123456789012345', 56],
    ['ü'.repeat(4), 56],
  ])('parameters %j take %i bytes: NUL-terminated, aligned to 8', (params, size) => {
    const request = encodeTableLoad({}, parse(`0 1 zero ${params}`));
    expect(request.length - HEADER_SIZE).toBe(size);
    expect(request.readUInt32LE(HEADER_SIZE + 20)).toBe(size);
  });

  test('the targets follow each other, each stating where the next one starts', () => {
    const table = parseTable([{ label: 'T', text: '0 8 linear 7:0 0\n8 4 delay /dev/ä 5\n12 1 error' }]);
    const request = encodeTableLoad({ uuid: 'u', flags: 1 }, table);
    expect(decodeReply(request)).toMatchObject({
      targetCount: 3,
      uuid: 'u',
      flags: 1,
      dataSize: request.length,
    });
    const found = [];
    let at = 312;
    while (at < request.length) {
      const next = request.readUInt32LE(at + 20);
      expect(at % 8).toBe(0);
      const params = request.toString('utf8', at + 40, request.indexOf(0, at + 40));
      // What is not parameters is zero: the status field, the padding.
      expect(request.readInt32LE(at + 16)).toBe(0);
      expect(
        request.subarray(at + 40 + Buffer.byteLength(params), at + next).every((byte) => byte === 0),
      ).toBe(true);
      found.push([
        request.readBigUInt64LE(at),
        request.readBigUInt64LE(at + 8),
        request.toString('utf8', at + 24, request.indexOf(0, at + 24)),
        params,
      ]);
      at += next;
    }
    expect(at).toBe(request.length);
    expect(found).toEqual([
      [0n, 8n, 'linear', '7:0 0'],
      [8n, 4n, 'delay', '/dev/ä 5'],
      [12n, 1n, 'error', ''],
    ]);
  });

  test('a type of 15 bytes keeps its NUL', () => {
    const table = parseTable([{ label: 'T', text: '0 1 abcdefghijklmno p' }]);
    const request = encodeTableLoad({}, table);
    expect(request.toString('latin1', 312 + 24, 312 + 42)).toBe('abcdefghijklmno\0p\0');
  });

  test('10,000 targets are 10,000 entries', () => {
    const text = Array.from({ length: 10_000 }, (_, index) => `${index} 1 linear 7:0 ${index}`).join('\n');
    const request = encodeTableLoad({}, parseTable([{ label: 'T', text }]));
    let count = 0;
    for (let at = 312; at < request.length; at += request.readUInt32LE(at + 20)) {
      expect(request.readBigUInt64LE(at)).toBe(BigInt(count));
      count++;
    }
    expect(count).toBe(10_000);
  });

  test('the places of a key are where its word stands in the request, in its target', () => {
    const table = parse(
      '0 8 linear 7:0 0\n8 8 crypt aes-xts-plain64 {key} 0 /dev/Gerät 0\n16 8 crypt ä {key}{key} 0\n24 1 x {key}',
    );
    const request = encodeTableLoad({ uuid: 'u' }, table);
    const places = findKeyPlaces(table);
    expect(places.map(({ at }) => request.toString('latin1', at, at + 5))).toEqual(Array(4).fill('{key}'));
    expect(places.map(({ isCrypt }) => isCrypt)).toEqual([true, true, true, false]);
    expect(places.map(({ targetAt }) => request.readBigUInt64LE(targetAt))).toEqual([8n, 16n, 16n, 24n]);
    expect(places.map(({ at }) => at)).toEqual(places.map(({ at }) => at).toSorted((a, b) => a - b));
    expect(findKeyPlaces(parse('0 8 linear {keys} {KEY} { key}'))).toEqual([]);
  });
});

describe('the loop devices of a table', () => {
  const table = parse('0 8 striped 2 8 {loop0} 0 {loop1} 0\n8 8 linear {loop0} {loop} {loopx} {loop-1}');

  test('stand where their words stood, and every other word stays', () => {
    expect(substituteLoops(table, ['7:3', '7:12']).map(({ params }) => params)).toEqual([
      '2 8 7:3 0 7:12 0',
      '7:3 {loop} {loopx} {loop-1}',
    ]);
  });

  test('leave everything else of it alone', () => {
    const [first] = substituteLoops(table, ['7:3', '7:12']);
    expect(first).toMatchObject({ start: 0n, length: 8n, type: 'striped' });
    expect(substituteLoops(table, [])).toBe(table);
  });
});

describe('the sizes of loop devices', () => {
  test('stand where their words stood, in all columns', () => {
    const sources = [
      { label: 'T', text: '0 {sectors0} linear {loop0} 0\n{sectors0} {sectors1} linear {loop1} {sectors}' },
    ];
    expect(substituteSectors(sources, [2048n, 8n])).toEqual([
      { label: 'T', text: '0 2048 linear {loop0} 0\n2048 8 linear {loop1} {sectors}' },
    ]);
  });

  test('and the numbers of the words are told', () => {
    expect(loopNumbers('{loop0} {loop12} {sectors3} {loop}')).toEqual([0, 12]);
    expect(sectorsNumbers('{loop0} {sectors3} {sectors}')).toEqual([3]);
  });
});

describe('lines with the name of the device in front', () => {
  test.each([
    ['vg-data: 0 8 zero\nvg-data: 8 8 error\n', '0 8 zero\n8 8 error'],
    ['a:\t0  8\tzero', '0 8 zero'],
    [' 1:2:  0 8 linear 7:0 0', '0 8 linear 7:0 0'],
    ['a: 0 8 zero\n8 8 error', '0 8 zero\n8 8 error'],
    ['0 8 zero\r\n8 8 error\r', '0 8 zero\n8 8 error'],
  ])('%j', (text, lines) => {
    expect(formatTable(parse(text))).toBe(lines);
  });

  test.each([
    ['a: 0 8 zero\nb: 8 8 zero', /^T, line 2: it is of device "b", and the lines before it of "a"$/],
    ['a:', /^T, line 1: the 1st column, the start sector, is "", and not/],
    ['a: b: 0 8 zero', /^T, line 1: the 1st column, the start sector, is "b:"/],
  ])('%j is refused', (text, message) => {
    expect(refusal(() => parse(text)).message).toMatch(message);
  });
});

// Most lines are read at a glance, and all others closely.
test.each([
  '0 8 zero',
  '0 8 linear 7:0 0',
  '0 8 a-target-of-15-x {loop0} "a: b"',
  `0 ${2n ** 54n - 1n} zero`,
  `0 ${2n ** 54n} zero`,
  '0 0 zero',
  '8 8 zero',
  '0 999999999999999999 zero',
  '0 8 a-target-of-16-xy',
])('blanks between the columns of %s change nothing but where they stand', (line) => {
  const read = (text: string): unknown => {
    try {
      return parseTable([{ label: 'it', text }]);
    } catch (error) {
      return error instanceof Error ? error.message : error;
    }
  };
  const [start, length, ...rest] = line.split(' ');
  expect(read(line)).toEqual(read(`${start}\t${length}  ${rest.join(' ')}`));
});
