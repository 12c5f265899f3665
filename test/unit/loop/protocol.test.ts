import { describe, expect, test } from 'vitest';
import {
  decodeLoopInfo,
  encodeLoopConfig,
  encodeLoopInfo,
  INFO_SIZE,
  setAutoclear,
} from '../../../src/loop/protocol.js';

describe('the attachment of a file', () => {
  test('detaches by itself, and is read-only when asked', () => {
    expect(encodeLoopInfo('f', { readOnly: false }).readUInt32LE(52)).toBe(4);
    expect(encodeLoopInfo('f', { readOnly: true }).readUInt32LE(52)).toBe(5);
  });

  test.each([
    ['/short', 'dmfd:/short'],
    ['x'.repeat(58), `dmfd:${'x'.repeat(58)}`],
    ['x'.repeat(59), `dmfd:${'x'.repeat(58)}`],
    [`${'x'.repeat(57)}ü`, `dmfd:${'x'.repeat(57)}`],
  ])('marks the file name %j as %j, cut at a whole character', (file, shown) => {
    const info = encodeLoopInfo(file, { readOnly: false });
    expect(info.toString('utf8', 56, info.indexOf(0, 56))).toBe(shown);
    expect(info.subarray(56 + 64).every((byte) => byte === 0)).toBe(true);
  });

  test('is the descriptor, the default block size, the info, and nothing else', () => {
    const info = encodeLoopInfo('f', { readOnly: false });
    const config = encodeLoopConfig(77, info);
    expect(config).toHaveLength(304);
    expect(config.readUInt32LE(0)).toBe(77);
    expect(config.readUInt32LE(4)).toBe(0);
    expect(config.subarray(8, 240).equals(info)).toBe(true);
    expect(config.subarray(240).every((byte) => byte === 0)).toBe(true);
  });

  test('of no file at all has descriptor -1', () => {
    expect(encodeLoopConfig(-1, encodeLoopInfo('', { readOnly: true })).readInt32LE(0)).toBe(-1);
  });
});

test('a loop device of dmfd’s is known by its mark, and told to stay by its flags', () => {
  const info = encodeLoopInfo('/f', { readOnly: true });
  expect(decodeLoopInfo(info)).toMatchObject({ isOurs: true, autoclear: true });
  const stays = Buffer.from(info);
  stays.writeUInt32LE(1, 52);
  expect(decodeLoopInfo(stays)).toMatchObject({ isOurs: true, autoclear: false });
  expect(setAutoclear(stays).equals(info)).toBe(true);
  info.write('/dmfd:', 56);
  expect(decodeLoopInfo(info)).toMatchObject({ isOurs: false, autoclear: true });
});

describe('what a loop device has', () => {
  const decoded = (rdevice: bigint, flags: number) => {
    const info = Buffer.alloc(INFO_SIZE, 0xff);
    info.writeBigUInt64LE(0x801n, 0);
    info.writeBigUInt64LE(2n ** 63n + 5n, 8);
    info.writeBigUInt64LE(rdevice, 16);
    info.writeUInt32LE(flags, 52);
    return decodeLoopInfo(info);
  };

  test('is a file by device and inode, also where an older kernel tells the device twice', () => {
    const file = { device: 0x801n, inode: 2n ** 63n + 5n, blockDevice: undefined, readOnly: false };
    expect(decoded(0n, 4)).toMatchObject(file);
    expect(decoded(0x801n, 4)).toMatchObject(file);
  });

  test('or a block device by its number', () => {
    expect(decoded(0x10fd03n, 5)).toMatchObject({ blockDevice: 0x10fd03n, readOnly: true });
  });
});
