import { describe, expect, test } from 'vitest';
import { decodeReply, encodeRequest, readText } from '../../../src/dm/header.js';
import { refusal } from '../support/refusal.js';

/** A reply of one header, with these 32-bit numbers at these offsets. */
function reply(numbers: Readonly<Record<number, number>> = {}): Buffer {
  const bytes = encodeRequest({ name: 'n', uuid: 'u' });
  for (const [at, number] of Object.entries(numbers)) bytes.writeUInt32LE(number, Number(at));
  return bytes;
}

describe('a request', () => {
  test('decodes to what was encoded', () => {
    const bytes = encodeRequest(
      { name: 'Gerät', uuid: 'DMFD-1', flags: 0x20001, eventNr: 0xfff0_0000, targetCount: 3 },
      100,
    );
    expect(bytes).toHaveLength(412);
    expect(decodeReply(bytes)).toEqual({
      version: [4, 0, 0],
      dataSize: 412,
      dataStart: 312,
      targetCount: 3,
      openCount: 0,
      flags: 0x20001,
      eventNr: 0xfff0_0000,
      dev: { major: 0, minor: 0 },
      name: 'Gerät',
      uuid: 'DMFD-1',
    });
  });

  test('is zero where nothing was said', () => {
    const bytes = encodeRequest({});
    bytes.fill(0, 0, 20);
    expect(bytes.equals(Buffer.alloc(312))).toBe(true);
  });

  test('takes names up to the last byte before the NUL', () => {
    const header = { name: 'x'.repeat(127), uuid: 'y'.repeat(128) };
    expect(decodeReply(encodeRequest(header))).toMatchObject(header);
  });

  test.each([{ name: 'x'.repeat(128) }, { uuid: 'y'.repeat(129) }, { name: `${'x'.repeat(126)}ü` }])(
    '%j does not fit',
    (header) => {
      expect(() => encodeRequest(header)).toThrow(/does not fit/);
    },
  );
});

describe('a reply', () => {
  test('has its device number and open count decoded', () => {
    const bytes = reply({ 24: 0xffff_ffff, 28: 0x8000_0000 });
    // 254:0x12345 in the kernel's huge encoding: minor bits 8 and up stand above the major's twelve.
    bytes.writeBigUInt64LE(0x45n | (254n << 8n) | (0x123n << 20n), 40);
    expect(decodeReply(bytes)).toMatchObject({
      openCount: -1,
      flags: 0x8000_0000,
      dev: { major: 254, minor: 0x12345 },
    });
  });

  test.each<[what: string, bytes: Buffer, message: RegExp]>([
    ['nothing', Buffer.alloc(0), /makes no sense: 0 bytes/],
    ['shorter than a header', Buffer.alloc(311), /makes no sense: 311 bytes/],
    ['longer than its buffer', reply({ 12: 313 }), /it claims 313 bytes in a buffer of 312/],
    ['of a name without end', reply().fill(0x61, 48, 176), /a text at byte 48 does not end/],
    ['of a UUID without end', reply().fill(0x61, 176), /a text at byte 176 does not end/],
  ])('%s makes no sense', (_what, bytes, message) => {
    expect(refusal(() => decodeReply(bytes))).toMatchObject({
      kind: 'system',
      message: expect.stringMatching(message),
    });
  });
});

test('a text ends before its end, or not at all', () => {
  const bytes = Buffer.from('abc\0def\0');
  expect(readText(bytes, 1, 4)).toBe('bc');
  expect(readText(bytes, 3, 4)).toBe('');
  expect(refusal(() => readText(bytes, 4, 7)).message).toMatch(/a text at byte 4 does not end/);
});
