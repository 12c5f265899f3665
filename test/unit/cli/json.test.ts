import { expect, test } from 'vitest';
import { toJson } from '../../../src/cli/json.js';

test.each<[value: unknown, json: string]>([
  [2n ** 64n - 1n, '18446744073709551615'],
  [{ a: [1n, { b: -1n }] }, '{"a":[1,{"b":-1}]}'],
  [{ a: undefined, b: null }, '{"b":null}'],
  [[undefined, Number.NaN], '[null,null]'],
])('%o', (value, json) => {
  expect(toJson(value)).toBe(json);
});

test.each([{}, [], 'a "b"\n\u2028', '5n', 1.5, true, null, { 'a"b': ['ü', {}, []] }])(
  'without bigint as JSON.stringify() has it: %j',
  (value) => {
    expect(toJson(value)).toBe(JSON.stringify(value));
  },
);

test('of what a terminal would obey, nothing stands in it as it is; it says the same', () => {
  const value = { '\x1b[2J': 'a\x07\x7f\x85\x9bb\u061c\u200e\u202e\u2066', plain: 'ü\u00a0\u2028' };
  const json = toJson(value);
  expect(json).toBe(
    String.raw`{"\u001b[2J":"a\u0007\u007f\u0085\u009bb\u061c\u200e\u202e\u2066","plain":"ü` +
      '\u00a0\u2028"}',
  );
  expect(JSON.parse(json)).toEqual(value);
});
