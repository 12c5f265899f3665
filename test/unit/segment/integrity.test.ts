import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, test } from 'vitest';
import { planDeviceSync } from '../../../src/device/plan.js';
import type { Segment } from '../../../src/segment/segment.js';
import { HEADERS } from '../content/headers.js';
import { refusal } from '../support/refusal.js';
import { inScratchFolder } from '../support/scratch.js';

const MIB = 1_048_576;

inScratchFolder();
beforeEach(() => fill());

/** The area: sparse, but for these bytes. */
function fill(...pieces: readonly (readonly [at: number, bytes: Buffer])[]): void {
  const bytes = Buffer.alloc(MIB);
  for (const [at, piece] of pieces) piece.copy(bytes, at);
  writeFileSync('area', bytes);
}

/** As the kernel writes it. */
function superblock(tagSize: number, sectors: bigint, blockShift = 0): Buffer {
  const bytes = Buffer.alloc(512);
  bytes.write('integrt\0', 'latin1');
  bytes.writeUInt8(4, 8);
  bytes.writeUInt8(15, 9);
  bytes.writeUInt16LE(tagSize, 10);
  bytes.writeUInt32LE(88, 12);
  bytes.writeBigUInt64LE(sectors, 16);
  bytes.writeUInt8(blockShift, 28);
  return bytes;
}

const plan = (changes = {}, more: readonly Segment[] = []) =>
  planDeviceSync({
    segments: [{ target: 'integrity', backing: 'area', ...changes }, ...more],
    sharedLoop: more.length > 0,
  });

describe('an area that was formatted', () => {
  test.each<[tagSize: number, changes: object, words: string]>([
    [4, {}, '4 J 1 internal_hash:crc32c'],
    [4, { tagSize: 4, checksum: 'xxhash32' }, '4 J 1 internal_hash:xxhash32'],
    [32, { checksum: 'sha256' }, '32 J 1 internal_hash:sha256'],
    [28, { tagSize: 28 }, '28 J 0'],
  ])('with tags of %i bytes, and %j', (tagSize, changes, words) => {
    fill([0, superblock(tagSize, 1000n)]);
    expect(plan(changes)).toMatchObject({
      table: `0 1000 integrity {loop0} 0 ${words}`,
      readOnly: false,
      loops: [{ file: 'area' }],
    });
  });

  test('in blocks of 4096 bytes', () => {
    fill([0, superblock(4, 1000n, 3)]);
    expect(plan().table).toBe('0 1000 integrity {loop0} 0 4 J 2 block_size:4096 internal_hash:crc32c');
  });

  test('behind something else, and up to something else, which only a loop device can show', () => {
    fill([4096, superblock(4, 1000n)]);
    expect(plan({ backing: { path: 'area', offset: 4096n } }).table).toMatch(
      /^0 1000 integrity \{loop0\} 8 /,
    );
    const part = { path: 'area', offset: 4096n, size: 524_288n };
    expect(plan({ backing: part }).table).toMatch(/^0 1000 integrity \{loop0\} 0 /);
    const parts = plan({ backing: part }, [{ target: 'linear', backing: { path: 'area', size: 4096n } }]);
    expect(parts.loops).toEqual([{ file: 'area' }, { file: 'area' }]);
  });

  test.each<[changes: object, message: string]>([
    [{}, 'it was formatted with tags of 28 bytes, and those of crc32c have 4'],
    [{ tagSize: 32 }, 'it was formatted with tags of 28 bytes, not 32'],
    [{ tagSize: 4, checksum: 'crc32c' }, 'it was formatted with tags of 28 bytes, not 4'],
  ])('with other tags than %j', (changes, message) => {
    fill([0, superblock(28, 1000n)]);
    expect(refusal(() => plan(changes))).toMatchObject({
      code: 'area-unusable',
      message: `integrity "area": ${message}`,
    });
  });
});

describe('an area that was not', () => {
  test('is left as it is, and how long the device will be is not known', () => {
    const open = readdirSync('/proc/self/fd').length;
    expect(refusal(() => plan())).toMatchObject({
      code: 'not-known-yet',
      message: expect.stringContaining('integrity "area": it is zero, and only when'),
      hint: expect.stringContaining('only making the device can tell'),
    });
    expect(readFileSync('area').equals(Buffer.alloc(MIB))).toBe(true);
    expect(readdirSync('/proc/self/fd').length).toBe(open);
  });

  test('and what is wrong beside it is told first, so that nothing is formatted in vain', () => {
    expect(refusal(() => plan({}, [{ target: 'linear', backing: 'missing' }]))).toMatchObject({
      code: 'backing-unusable',
      message: expect.stringContaining('linear "missing": cannot find it'),
    });
  });

  test.each(
    HEADERS.filter(({ by, has }) => has.length > 0 && /ext4|luks|sfdisk|veritysetup/i.test(by)).map(
      (one) => [one.by, one] as const,
    ),
  )('but is what %s made, is refused as that', (_by, { bytes, has, holds }) => {
    fill(...holds.filter(([at]) => at < MIB).map(([at, hex]) => [at, Buffer.from(hex, 'hex')] as const));
    truncateSync('area', bytes);
    const { code, message, hint } = refusal(() => plan());
    expect(code).toBe('area-not-zero');
    expect(message).toContain(`integrity "area": it has ${has[0]}`);
    expect(hint).toContain('overwrite it with zeros');
  });

  test.each([0, 511, 200_000, MIB - 1])('but has a byte at %i that is no zero, is refused', (at) => {
    fill([at, Buffer.from([1])]);
    expect(refusal(() => plan())).toMatchObject({
      kind: 'taken',
      code: 'area-not-zero',
      message:
        'integrity "area": it has something that dmfd does not know, and is formatted only where it is zero',
    });
  });
});

test.each<[changes: object, message: string]>([
  [{ tagSize: 0 }, 'property segments[0].tagSize is 0: it must be a whole number from 1 to 255'],
  [{ tagSize: 256 }, 'property segments[0].tagSize is 256: it must be a whole number from 1 to 255'],
  [
    { checksum: 'hmac(sha256)' },
    'property segments[0].checksum is "hmac(sha256)": it must be the name of a hash without a key',
  ],
  [
    { checksum: 'sha256:00' },
    'property segments[0].checksum is "sha256:00": it must be the name of a hash without a key',
  ],
  [{ checksum: '' }, 'property segments[0].checksum is "": it must be the name of a hash without a key'],
  [
    { backing: { path: 'area', readOnly: true } },
    'property segments[0].backing is read-only: the target writes its journal',
  ],
])('%j cannot be', (changes, message) => {
  expect(refusal(() => plan(changes))).toMatchObject({ code: 'invalid-request', message });
});

test('it cannot be a part of a read-only device', () => {
  fill([0, superblock(4, 1000n)]);
  const segments = [{ target: 'integrity', backing: 'area' }] as const;
  expect(refusal(() => planDeviceSync({ segments, readOnly: true })).message).toBe(
    'integrity "area": the device cannot be read-only, for the target writes its journal',
  );
});
