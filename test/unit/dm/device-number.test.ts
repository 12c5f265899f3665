import { expect, test } from 'vitest';
import {
  decodeHugeDevice,
  decodeLibcDevice,
  formatDeviceNumber,
  parseDeviceNumber,
} from '../../../src/dm/device-number.js';

// Expected by hand from the definitions: new_encode_dev() of the kernel, makedev(3) of the C library.
test.each([
  { encoded: 0n, major: 0, minor: 0 },
  { encoded: 0xfe00n, major: 254, minor: 0 },
  { encoded: 0xfeffn, major: 254, minor: 255 },
  { encoded: 0x10fe00n, major: 254, minor: 256 },
  { encoded: 0xfff0_fe00n, major: 254, minor: 0xfff00 },
  { encoded: 0xffff_ffffn, major: 4095, minor: 0xfffff },
])('$encoded of the kernel is $major:$minor', ({ encoded, major, minor }) => {
  expect(decodeHugeDevice(encoded)).toEqual({ major, minor });
});

test.each([
  { dev: 0xfe00n, major: 254, minor: 0 },
  { dev: 0x10fe00n, major: 254, minor: 256 },
  { dev: 0xfff_fff0_feffn, major: 254, minor: 0xffff_ffff },
  { dev: 0xffff_f000_000f_ff00n, major: 0xffff_ffff, minor: 0 },
])('$dev of the C library is $major:$minor', ({ dev, major, minor }) => {
  expect(decodeLibcDevice(dev)).toEqual({ major, minor });
});

test('a number is written MAJ:MIN', () => {
  expect(formatDeviceNumber({ major: 7, minor: 1_048_575 })).toBe('7:1048575');
});

test.each([
  ['254:0\n', { major: 254, minor: 0 }],
  ['7:1048575', { major: 7, minor: 1048575 }],
  ['', undefined],
  ['254', undefined],
  ['254:0 0', undefined],
])('what /sys says of a number: %j', (text, dev) => {
  expect(parseDeviceNumber(text)).toEqual(dev);
});
