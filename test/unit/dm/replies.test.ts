import { expect, test } from 'vitest';
import { decodeReply } from '../../../src/dm/header.js';
import { decodeDependencies, decodeDeviceList, decodeTargetVersions } from '../../../src/dm/lists.js';
import { decodeSegments } from '../../../src/dm/segments.js';
import { runCFile } from '../support/compile.js';

const replies = new Map(
  runCFile(new URL('./replies.c', import.meta.url)).map((line) => {
    const at = line.lastIndexOf(' ');
    return [line.slice(0, at), Buffer.from(line.slice(at + 1), 'hex')];
  }),
);

function reply(label: string): Buffer {
  const bytes = replies.get(label);
  if (bytes === undefined) throw new Error(`replies.c prints no reply "${label}"`);
  return bytes;
}

test.each([
  ['status', { major: 254, minor: 5 }],
  ['status of a large number', { major: 4095, minor: 1_048_575 }],
])('%s', (label, dev) => {
  expect(decodeReply(reply(label))).toEqual({
    version: [4, 47, 1],
    dataSize: 312,
    dataStart: 312,
    targetCount: 3,
    openCount: 2,
    flags: 0x20021,
    eventNr: 7,
    dev,
    name: 'n'.repeat(127),
    uuid: 'u'.repeat(128),
  });
});

test('a list of devices', () => {
  expect(decodeDeviceList(reply('devices'))).toEqual([
    { dev: { major: 254, minor: 0 }, name: 'a' },
    { dev: { major: 254, minor: 256 }, name: 'with a blank' },
    { dev: { major: 4095, minor: 1_048_575 }, name: 'Gerät' },
  ]);
});

test('a list of no devices', () => {
  expect(decodeDeviceList(reply('no devices'))).toEqual([]);
});

test('a list of target types', () => {
  expect(decodeTargetVersions(reply('versions'))).toEqual([
    { name: 'linear', version: [1, 4, 0] },
    { name: 'snapshot-origin', version: [1, 9, 0] },
    { name: 'crypt', version: [1, 24, 0xffff_ffff] },
  ]);
});

test('the segments of a table', () => {
  expect(decodeSegments(reply('segments'))).toEqual([
    { start: 0n, length: 8n, type: 'linear', text: '' },
    { start: 8n, length: 2n ** 53n, type: 'snapshot-origin', text: 'a text' },
    { start: 2n ** 53n + 8n, length: 1n, type: 'error', text: '' },
  ]);
});

test('what a table stands on', () => {
  expect(decodeDependencies(reply('dependencies'))).toEqual([
    { major: 254, minor: 5 },
    { major: 8, minor: 256 },
    { major: 4095, minor: 1_048_575 },
  ]);
  expect(decodeDependencies(Buffer.concat([reply('no dependencies'), Buffer.alloc(16)]))).toEqual([]);
});

test('a segment that ends before it began is refused', () => {
  const bytes = Buffer.from(reply('segments'));
  bytes.writeUInt32LE(8, 312 + 20);
  expect(attempt(() => decodeSegments(bytes))).toBeUndefined();
});

test('every list cut short anywhere is refused, and never read beyond its end', () => {
  for (const [label, decode] of [
    ['devices', decodeDeviceList],
    ['versions', decodeTargetVersions],
    ['segments', decodeSegments],
    ['dependencies', decodeDependencies],
  ] as const) {
    const whole = reply(label);
    const count = decode(whole).length;
    for (let size = 312; size < whole.length; size++) {
      const cut = Buffer.from(whole.subarray(0, size));
      cut.writeUInt32LE(size, 12);
      // The last entry may lose what stands behind its name; else it is refused, or the list is empty.
      const decoded = attempt(() => decode(cut));
      expect([undefined, 0, count], `${label}, ${size} bytes`).toContain(decoded?.length);
    }
  }
});

function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    expect(error).toMatchObject({ name: 'DmfdError', kind: 'system' });
    return undefined;
  }
}
