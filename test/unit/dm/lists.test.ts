import { describe, expect, test } from 'vitest';
import { encodeRequest } from '../../../src/dm/header.js';
import { decodeDeviceList, decodeTargetVersions } from '../../../src/dm/lists.js';
import { refusal } from '../support/refusal.js';

/** A reply with this data after its header. */
function withData(data: Buffer): Buffer {
  const bytes = encodeRequest({}, data.length);
  data.copy(bytes, 312);
  return bytes;
}

function device(dev: bigint, next: number, name: string, room = 12 + Buffer.byteLength(name) + 1): Buffer {
  const entry = Buffer.alloc(Math.max(room, next));
  entry.writeBigUInt64LE(dev, 0);
  entry.writeUInt32LE(next, 8);
  entry.write(name, 12);
  return entry;
}

function version(next: number, numbers: readonly number[], name: string): Buffer {
  const entry = Buffer.alloc(Math.max(16 + name.length + 1, next));
  entry.writeUInt32LE(next, 0);
  for (const [index, number] of numbers.entries()) entry.writeUInt32LE(number, 4 + 4 * index);
  entry.write(name, 16);
  return entry;
}

describe('the devices', () => {
  test('are those of the reply, each found by the next of the one before', () => {
    const data = Buffer.concat([
      device(0xfe00n, 24, 'a'),
      device(0xfe01n, 40, 'with a blank'),
      device(0x100fe00n, 0, 'ü'),
    ]);
    expect(decodeDeviceList(withData(data))).toEqual([
      { dev: { major: 254, minor: 0 }, name: 'a' },
      { dev: { major: 254, minor: 1 }, name: 'with a blank' },
      { dev: { major: 254, minor: 0x1000 }, name: 'ü' },
    ]);
  });

  test.each([
    ['no data at all', Buffer.alloc(0)],
    ['the entry with number 0 that stands for none', device(0n, 0, '')],
    ['that entry, with no name behind it', Buffer.alloc(12)],
  ])('are none with %s', (_what, data) => {
    expect(decodeDeviceList(withData(data))).toEqual([]);
  });

  test.each<[what: string, data: Buffer, message: RegExp]>([
    ['an entry cut short', Buffer.alloc(11, 1), /an entry at byte 312 of 323/],
    [
      'a next beyond the end',
      device(0xfe00n, 0xffff_fff0, 'a', 24).subarray(0, 24),
      /an entry at byte \d+ of 336/,
    ],
    ['a next inside the entry itself', device(0xfe00n, 8, 'a', 24), /the entry at byte 312 is 8 bytes long/],
    ['a name without end', device(0xfe00n, 0, 'abc', 15), /a text at byte 324 does not end/],
  ])('are refused with %s', (_what, data, message) => {
    expect(refusal(() => decodeDeviceList(withData(data)))).toMatchObject({
      kind: 'system',
      message: expect.stringMatching(message),
    });
  });

  test('are refused when the reply claims more than its buffer', () => {
    const bytes = withData(device(0xfe00n, 0, 'a'));
    expect(refusal(() => decodeDeviceList(bytes.subarray(0, bytes.length - 1))).message).toMatch(/it claims/);
  });

  test('end where the reply does, not where the buffer does', () => {
    const bytes = Buffer.concat([withData(device(0xfe00n, 0, 'abc', 15)), Buffer.alloc(8)]);
    expect(refusal(() => decodeDeviceList(bytes)).message).toMatch(/does not end/);
  });
});

describe('the target types', () => {
  test('are those of the reply', () => {
    const data = Buffer.concat([version(24, [1, 4, 0], 'linear'), version(0, [1, 24, 65_536], 'crypt')]);
    expect(decodeTargetVersions(withData(data))).toEqual([
      { name: 'linear', version: [1, 4, 0] },
      { name: 'crypt', version: [1, 24, 65_536] },
    ]);
  });

  test('are none in an empty reply', () => {
    expect(decodeTargetVersions(withData(Buffer.alloc(0)))).toEqual([]);
  });

  test('are refused with an entry cut short', () => {
    expect(refusal(() => decodeTargetVersions(withData(Buffer.alloc(15)))).message).toMatch(
      /an entry at byte 312 of 327/,
    );
  });
});
