import { closeSync, openSync } from 'node:fs';
import { expect, test } from 'vitest';
import { DescriptorRoom } from '../../../src/batch/descriptors.js';
import { HeldDevices } from '../../../src/batch/devices.js';
import { checkRequest } from '../../../src/device/request.js';
import { listIfThere } from '../../../src/kernel/pseudo-files.js';

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

test('each stripe needs its own', () => {
  const stripes = Array.from({ length: 40 }, (_, index) => ({ path: `/stripe${index}` }));
  const striped = checkRequest({ name: 'c', segments: [{ target: 'striped', backings: stripes }] });
  const room = new DescriptorRoom(listIfThere('/proc/self/fd').length + 60);
  expect(() => room.expectRoom(striped, 1)).toThrow(expect.objectContaining({ code: 'resource-limit' }));
});

test('far from the limit, none are counted', () => {
  const room = new DescriptorRoom(10_000);
  expect(() => room.expectRoom(plain, 9_700)).not.toThrow();
  // As many are not open here as are said to be held: those that are open decide.
  expect(() => room.expectRoom(plain, 9_990)).not.toThrow();
});
