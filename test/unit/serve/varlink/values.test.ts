import { expect, test } from 'vitest';
import { parseInterface } from '../../../../src/serve/varlink/description.js';
import { checkFields, WrongValue } from '../../../../src/serve/varlink/values.js';

const description = parseInterface(`interface a.b
type Color (red, blue)
type Pair (a: int, b: ?Color)
method Do(
  int: ?int, bool: ?bool, string: ?string, color: ?Color, pair: ?Pair, pairs: ?[]Pair, needed: string
) -> ()`);
const fields = description.methods.get('Do')?.input ?? new Map();
const checked = (value: unknown) => checkFields(description, fields, value);

test('values of the right types pass, and null is as good as absent', () => {
  const parameters = {
    int: -(2 ** 53) + 1,
    bool: false,
    string: '',
    color: 'red',
    pair: { a: 0, b: null },
    pairs: [{ a: 1 }, { a: 2, b: 'blue' }],
    needed: 'x',
  };
  expect(checked(parameters)).toEqual({ ...parameters, pair: { a: 0 } });
  expect(checked({ needed: 'x', int: null, pairs: null })).toEqual({ needed: 'x' });
});

test.each<[where: string, value: unknown]>([
  ['', 5],
  ['', []],
  ['', null],
  ['needed', {}],
  ['needed', { needed: null }],
  ['other', { needed: 'x', other: null }],
  ['toString', JSON.parse('{ "needed": "x", "toString": 1 }')],
  ['__proto__', JSON.parse('{ "needed": "x", "__proto__": {} }')],
  ['int', { needed: 'x', int: 1.5 }],
  ['int', { needed: 'x', int: '1' }],
  // It may have been another number before JSON.parse() rounded it.
  ['int', JSON.parse('{ "needed": "x", "int": 9007199254740993 }')],
  ['bool', { needed: 'x', bool: 0 }],
  ['string', { needed: 'x', string: 5 }],
  ['string', JSON.parse('{ "needed": "x", "string": "disk\\udcff.img" }')],
  ['color', { needed: 'x', color: 'green' }],
  ['pair', { needed: 'x', pair: 'p' }],
  ['pair.a', { needed: 'x', pair: {} }],
  ['pair.b', { needed: 'x', pair: { a: 1, b: 'green' } }],
  ['pair.c', { needed: 'x', pair: { a: 1, c: 1 } }],
  ['pairs', { needed: 'x', pairs: { a: 1 } }],
  ['pairs[1].a', { needed: 'x', pairs: [{ a: 1 }, { a: 'x' }] }],
  ['pairs[0]', { needed: 'x', pairs: [null] }],
])('what is wrong is named: %s', (where, value) => {
  expect(() => checked(value)).toThrow(WrongValue);
  expect(() => checked(value)).toThrow(expect.objectContaining({ where }));
});
