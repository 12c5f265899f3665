import { describe, expect, test } from 'vitest';
import { parseSize } from '../../../src/cli/words/size.js';
import { parseTable } from '../../../src/dm/table.js';
import { checkSwapRequest, type SwapRequest } from '../../../src/swap/request.js';
import { swapFlags } from '../../../src/swap/swapon.js';
import { cryptLine } from '../../../src/swap/table.js';
import { refusal } from '../support/refusal.js';

describe('a request for swap', () => {
  test('has the defaults of cryptsetup for plain swap, and a 512-bit key', () => {
    expect(checkSwapRequest({ backing: 'b' })).toEqual({
      backing: 'b',
      partition: undefined,
      name: expect.stringMatching(/^dmfd-swap-[0-9a-f]{8}$/),
      cipher: 'aes-xts-plain64',
      keySize: 512,
      sectorSize: 512,
      priority: undefined,
      discard: undefined,
      label: '',
      uuid: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
      offset: 0n,
      size: undefined,
      force: false,
      noReadWorkqueue: false,
      noWriteWorkqueue: false,
      mode: 'auto',
    });
    expect(checkSwapRequest({ backing: 'b', cipher: 'aes-cbc-essiv:sha256' }).keySize).toBe(256);
  });

  test.each<[request: Partial<SwapRequest>, message: RegExp]>([
    [{ backing: '' }, /^backing "": no path$/],
    [{ name: '' }, /^device name "": it is empty$/],
    [{ name: 'a/b' }, /^device name "a\/b": "\/" is not allowed in it$/],
    [{ name: 'n'.repeat(128) }, /^device name "n+": 128 bytes, and at most 127 are allowed$/],
    [{ cipher: '' }, /^cipher "": it must be one word$/],
    [{ cipher: 'aes xts' }, /^cipher "aes xts": it must be one word$/],
    [{ cipher: 'aes\n0 8 zero' }, /^cipher /],
    [{ cipher: '{key}' }, /^cipher /],
    [{ keySize: 0 }, /^key size: 0 bits; it must be a multiple of 8/],
    [{ keySize: 257 }, /^key size: 257 bits/],
    [{ keySize: 32_776 }, /^key size: 32776 bits/],
    [{ sectorSize: 1024 }, /^sector size 1024: it must be 512 or 4096$/],
    [{ priority: 32_768 }, /^priority 32768: /],
    [{ priority: -1 }, /^priority -1: /],
    [{ priority: 0.5 }, /^priority 0.5: /],
    [{ label: 'exactly16bytes!!' }, /^label "exactly16bytes!!": 16 bytes, and at most 15 fit$/],
    [{ label: 'ääääääää' }, /: 16 bytes, /],
    [{ uuid: 'x' }, /^UUID "x": it is none$/],
  ])('%j is refused', (request, message) => {
    const error = refusal(() => checkSwapRequest({ backing: 'b', ...request }));
    expect(error).toMatchObject({ kind: 'usage', message: expect.stringMatching(message) });
  });
});

test('a name is what it stands for where it is written as the kernel has it', () => {
  expect(checkSwapRequest({ backing: 'b', name: 'my\\x20swap' }).name).toBe('my swap');
});

test.each([
  ['', 'it must be a number, a label or a PARTUUID'],
  [0, 'partitions count from 1'],
])('partition %j is refused', (partition, what) => {
  const error = refusal(() => checkSwapRequest({ backing: 'b', partition }));
  expect(error).toMatchObject({ code: 'invalid-request', message: expect.stringContaining(what) });
});

test('an offset before the partition that it is of is refused', () => {
  const error = refusal(() => checkSwapRequest({ backing: 'b', partition: 2, offset: -1n }));
  expect(error.message).toBe('offset of -1 sectors: it must not be negative');
});

describe('the table', () => {
  const area = { start: 8n, sectors: 131_072n };

  test('is one crypt target, without options when none are asked for', () => {
    expect(cryptLine(checkSwapRequest({ backing: 'b' }), area, '8:1')).toBe(
      '0 131072 crypt aes-xts-plain64 {key} 0 8:1 8',
    );
  });

  test('allows discards only when they are asked for, and counts its options', () => {
    const request = {
      backing: 'b',
      sectorSize: 4096,
      noReadWorkqueue: true,
      noWriteWorkqueue: true,
    } as const;
    const line = cryptLine(checkSwapRequest({ ...request, discard: 'once' }), area, '8:1');
    expect(line).toBe(
      '0 131072 crypt aes-xts-plain64 {key} 0 8:1 8 4 allow_discards no_read_workqueue no_write_workqueue sector_size:4096',
    );
    expect(cryptLine(checkSwapRequest(request), area, '8:1')).not.toContain('allow_discards');
    expect(parseTable([{ label: 'T', text: line }])[0]?.type).toBe('crypt');
  });
});

test.each<[request: Partial<SwapRequest>, flags: number]>([
  [{}, 0],
  [{ priority: 0 }, 0x8000],
  [{ priority: 32_767 }, 0xffff],
  [{ discard: 'both' }, 0x10000],
  [{ discard: 'once' }, 0x30000],
  [{ discard: 'pages', priority: 5 }, 0x58005],
])('swapon is told of %j by its flags', (request, flags) => {
  expect(swapFlags(checkSwapRequest({ backing: 'b', ...request }))).toBe(flags);
});

test.each<[text: string, sectors: bigint]>([
  ['0', 0n],
  ['2048', 2048n],
  ['512B', 1n],
  ['4k', 8n],
  ['1M', 2048n],
  ['1MiB', 2048n],
  ['2G', 4_194_304n],
  ['1T', 2_147_483_648n],
])('the size %s is %i sectors', (text, sectors) => {
  expect(parseSize('--size')(text)).toBe(sectors);
});

test.each(['', '-1', '1.5M', '1MB', 'M', '0x10', '1 M', '513B', '1e3'])('the size %j is refused', (text) => {
  expect(refusal(() => parseSize('--size')(text)).kind).toBe('usage');
});
