import { expect, test } from 'vitest';
import { decodeReply } from '../../../src/dm/header.js';
import { parseTable } from '../../../src/dm/table.js';
import { encodeTableLoad, targetSize } from '../../../src/dm/table-load.js';

const target = (params: string) => ({ start: 0n, length: 1n, type: 'zero', params });

test.each([
  ['', 48],
  ['1234567', 48],
  ['12345678', 56],
  ['123456789012345', 56],
  ['ü'.repeat(4), 56],
])('parameters %j take %i bytes: NUL-terminated, aligned to 8', (params, size) => {
  expect(targetSize(target(params))).toBe(size);
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
    expect(request.subarray(at + 40 + Buffer.byteLength(params), at + next).every((byte) => byte === 0)).toBe(
      true,
    );
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
