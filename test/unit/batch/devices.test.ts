import { closeSync, openSync } from 'node:fs';
import { expect, test } from 'vitest';
import { DescriptorRoom } from '../../../src/batch/descriptors.js';
import { HeldDevices } from '../../../src/batch/devices.js';
import { checkRequest } from '../../../src/device/request.js';
import { listIfThere } from '../../../src/kernel/pseudo-files.js';
import type { Segment } from '../../../src/segment/segment.js';

const never = new AbortController().signal;

test('a key is read from a descriptor that was given for that, and from none of the process', async () => {
  const fd = openSync('/dev/null', 'r');
  try {
    const devices = new HeldDevices([], never);
    const line = { table: '0 8 crypt x {key} 0 8:1 0', key: { fd } };
    await expect(devices.make(line)).rejects.toMatchObject({ code: 'key-not-open', kind: 'usage' });
    const layer = {
      ...line,
      below: [{ ...line, name: 'lower' }],
      table: '0 8 linear {below} 0',
      key: undefined,
    };
    const { key: _, ...over } = layer;
    await expect(devices.make(over)).rejects.toMatchObject({ code: 'key-not-open' });
    expect(devices.size).toBe(0);
  } finally {
    closeSync(fd);
  }
});

test.each([
  ['x', 'device-missing'],
  ['', 'invalid-name'],
  ['a/b', 'invalid-name'],
])('release %j: %s', async (name, code) => {
  await expect(new HeldDevices([], never).release(name)).rejects.toMatchObject({ code, kind: 'usage' });
});

const plain = checkRequest({ name: 'a', table: '0 8 zero' });
const loops = checkRequest({
  name: 'b',
  table: '0 8 linear {loop0} 0\n8 8 linear {loop1} 0',
  loop: ['one', 'two'],
});

test('a device that descriptors are too few for is refused beforehand', () => {
  const open = listIfThere('/proc/self/fd').length;
  const scarce = new DescriptorRoom(open + 19);
  expect(() => scarce.expectRoom(plain, 1)).not.toThrow();
  expect(() => scarce.expectRoom(loops, 1)).toThrow(
    expect.objectContaining({
      code: 'resource-limit',
      kind: 'system',
      device: 'b',
      message: expect.stringMatching(
        /^device b: it takes up to 21 descriptors to make it, and of \d+ that this process may have, \d+ are in use$/,
      ),
      hint: expect.stringContaining('ulimit -Hn'),
    }),
  );
});

test.each<[what: string, segment: Segment, needed: number]>([
  ['zeros', { target: 'zero', size: 512n }, 17],
  ['a file', { target: 'delay', backing: '/a', read: 1, write: 2, flush: 3 }, 19],
  ['each stripe', { target: 'striped', backings: ['/a', '/b', '/c'] }, 23],
  [
    'data and tree, but for the signature',
    { target: 'verity', backing: '/a', hash: '/b', root: '00', signature: '/c' },
    21,
  ],
  ['a store', { target: 'snapshot', base: '/a', cow: '/b' }, 21],
  ['a sparse store', { target: 'snapshot', base: '/a' }, 21],
  ['a sparse store of a size', { target: 'snapshot', base: '/a', cow: 4096n }, 21],
])('descriptors for %s', (_, segment, needed) => {
  const request = checkRequest({ name: 'c', segments: [segment] });
  expect(() => new DescriptorRoom(0).expectRoom(request, 0)).toThrow(
    expect.objectContaining({ message: expect.stringContaining(`up to ${needed} descriptors`) }),
  );
});

test('far from the limit, none are counted', () => {
  const room = new DescriptorRoom(10_000);
  expect(() => room.expectRoom(plain, 9_700)).not.toThrow();
  // As many are not open here as are said to be held: those that are open decide.
  expect(() => room.expectRoom(plain, 9_990)).not.toThrow();
});
