import { expect, test } from 'vitest';
import { mangle, showName, unmangle } from '../../../src/dm/mangling.js';

test.each([
  ['plain-0_9.A:B@C=D+E#F', 'plain-0_9.A:B@C=D+E#F'],
  ['a b', 'a\\x20b'],
  ['a\\b', 'a\\x5cb'],
  ['ü', '\\xc3\\xbc'],
  ['"%s"', '\\x22\\x25s\\x22'],
])('%j is %j for the kernel, and shown as it was', (name, mangled) => {
  expect(mangle(name)).toBe(mangled);
  expect(unmangle(mangled)).toBe(name);
  expect(showName(Buffer.from(mangled))).toBe(name);
});

test.each([
  // Made with dmsetup --manglename none, or by another program.
  [Buffer.from('a b'), 'a b'],
  [Buffer.from('ü'), 'ü'],
  [Buffer.from([0x61, 0xff, 0x62]), 'a\\xffb'],
  [Buffer.from('a\\xffb'), 'a\\xffb'],
  [Buffer.from('a\u001b[31m b'), 'a\\x1b\\x5b31m\\x20b'],
  [Buffer.from('a\u009b'), 'a\\xc2\\x9b'],
  [Buffer.from('a\\x0ab'), 'a\\x0ab'],
  [Buffer.from('a\\x2'), 'a\\x2'],
])('what the kernel has, %s, is shown as %j', (bytes, shown) => {
  expect(showName(bytes)).toBe(shown);
});

test('what stands for no text has no name', () => {
  expect(unmangle('a\\xffb')).toBeUndefined();
});
