import { describe, expect, test } from 'vitest';
import { encodeLoopConfig, encodeLoopInfo } from '../../../src/loop/protocol.js';

describe('the attachment of a file', () => {
  test('detaches by itself, and is read-only when asked', () => {
    expect(encodeLoopInfo('f', false).readUInt32LE(52)).toBe(4);
    expect(encodeLoopInfo('f', true).readUInt32LE(52)).toBe(5);
  });

  test.each([
    ['/short', '/short'],
    ['x'.repeat(63), 'x'.repeat(63)],
    ['x'.repeat(64), 'x'.repeat(63)],
    [`${'x'.repeat(62)}ü`, 'x'.repeat(62)],
  ])('shows the file name %j as %j, cut at a whole character', (file, shown) => {
    const info = encodeLoopInfo(file, false);
    expect(info.toString('utf8', 56, info.indexOf(0, 56))).toBe(shown);
    expect(info.subarray(56 + 64).every((byte) => byte === 0)).toBe(true);
  });

  test('is the descriptor, the default block size, the info, and nothing else', () => {
    const info = encodeLoopInfo('f', false);
    const config = encodeLoopConfig(77, info);
    expect(config).toHaveLength(304);
    expect(config.readUInt32LE(0)).toBe(77);
    expect(config.readUInt32LE(4)).toBe(0);
    expect(config.subarray(8, 240).equals(info)).toBe(true);
    expect(config.subarray(240).every((byte) => byte === 0)).toBe(true);
  });

  test('of no file at all has descriptor -1', () => {
    expect(encodeLoopConfig(-1, encodeLoopInfo('', true)).readInt32LE(0)).toBe(-1);
  });
});
