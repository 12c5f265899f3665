import { describe, expect, test } from 'vitest';
import { partsIn, swapArea } from '../../../src/swap/area.js';
import { refusal } from '../support/refusal.js';

const MIB = 2n ** 20n;
/** Of blocks of 512 bytes. */
const disk = (bytes: bigint) => ({ bytes, blockSize: 512 });
const request = { backing: 'b', offset: 0n, size: undefined, sectorSize: 512 };

describe('the area', () => {
  test.each<[what: string, changes: object, bytes: bigint, start: bigint, sectors: bigint, pages: bigint]>([
    ['all of it', {}, 64n * MIB, 0n, 131_072n, 16_384n],
    ['whole pages of it', {}, 64n * MIB - 1n, 0n, 131_064n, 16_383n],
    ['the smallest', {}, 40_960n, 0n, 80n, 10n],
    ['the rest after an offset', { offset: 2048n }, 64n * MIB, 2048n, 129_024n, 16_128n],
    ['a part', { offset: 8n, size: 80n }, 64n * MIB, 8n, 80n, 10n],
    ['the last part', { offset: 131_072n - 80n, size: 80n }, 64n * MIB, 130_992n, 80n, 10n],
    ['an odd offset', { offset: 1n }, 64n * MIB, 1n, 131_064n, 16_383n],
    // 32 bits count the pages: 16 TiB less one page.
    ['as much as a header counts', {}, 20n * 1024n ** 4n, 0n, (2n ** 32n - 1n) * 8n, 2n ** 32n - 1n],
  ])('is %s', (_, changes, bytes, start, sectors, pages) => {
    const area = swapArea({ ...request, ...changes }, disk(bytes), 4096);
    expect(area).toEqual({ start, sectors, pages, pageSize: 4096 });
  });

  test.each<[changes: object, bytes: bigint, message: RegExp]>([
    [{}, 0n, /^backing "b": 0 bytes are too few for swap, which needs 10 pages, 40960 bytes$/],
    [{}, 40_959n, /^backing "b": 40448 bytes are too few/],
    [{ size: 72n }, MIB, /^backing "b": 36864 bytes are too few/],
    [{ size: 81n }, MIB, /^size of 81 sectors: 41472 bytes are no whole pages/],
    [{ size: 0n }, MIB, /^size of 0 sectors: /],
    [{ size: 2056n }, MIB, /^size of 2056 sectors: backing "b" has only 2048 from the offset on$/],
    [{ offset: 2048n }, MIB, /^offset of 2048 sectors: backing "b" has only 2048$/],
    [
      { offset: 9n, sectorSize: 4096 },
      MIB,
      /^offset of 9 sectors: it is no multiple of the sector size, 4096/,
    ],
  ])('%o of %i bytes is refused', (changes, bytes, message) => {
    const error = refusal(() => swapArea({ ...request, ...changes }, disk(bytes), 4096));
    expect(error).toMatchObject({ kind: 'usage', message: expect.stringMatching(message) });
  });

  test('has the pages of the machine', () => {
    expect(swapArea(request, disk(64n * MIB), 65_536).pages).toBe(1024n);
    expect(() => swapArea({ ...request, sectorSize: 4096 }, disk(64n * MIB), 2048)).toThrow(
      /has only 2048 bytes/,
    );
  });

  test('cannot be on blocks larger than a page', () => {
    const onBlocksOf = (blockSize: number) => () => swapArea(request, { bytes: 64n * MIB, blockSize }, 4096);
    expect(onBlocksOf(4096)).not.toThrow();
    expect(refusal(onBlocksOf(16_384))).toMatchObject({
      kind: 'usage',
      message:
        'the blocks of backing "b", of 16384 bytes, are larger than a page of this machine\'s memory (4096)',
    });
  });

  test('begins where a block does', () => {
    const from = (offset: bigint) => () =>
      swapArea({ ...request, offset }, { bytes: 64n * MIB, blockSize: 4096 }, 4096);
    expect(from(2048n)().start).toBe(2048n);
    expect(refusal(from(2049n))).toMatchObject({
      kind: 'usage',
      message:
        'offset of 2049 sectors: 1049088 bytes are no multiple of 4096, the bytes of a block of backing "b"',
    });
  });
});

test.each<[what: string, at: bigint, length: number, parts: ReturnType<typeof partsIn>]>([
  ['within', 1000n, 8, [{ from: 488n, bytes: 8 }]],
  ['that reaches in', 508n, 8, [{ from: 0n, bytes: 4 }]],
  ['that reaches out', 1534n, 8, [{ from: 1022n, bytes: 2 }]],
  ['larger than it', 0n, 4096, [{ from: 0n, bytes: 1024 }]],
  ['before it', 504n, 8, []],
  ['after it', 1536n, 8, []],
])('of a signature %s, what is in the area', (_what, at, length, parts) => {
  expect(partsIn({ start: 1n, sectors: 2n }, [{ at, length }])).toEqual(parts);
  // Far behind what a Number counts, to the byte.
  const far = 2n ** 62n;
  expect(partsIn({ start: far / 512n + 1n, sectors: 2n }, [{ at: at + far, length }])).toEqual(parts);
});
