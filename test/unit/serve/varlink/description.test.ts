import { expect, test } from 'vitest';
import { parseInterface } from '../../../../src/serve/varlink/description.js';

test('a description is read, whatever its blanks and comments', () => {
  const { name, types, methods, errors } = parseInterface(`
# What it is for.
interface org.example.more
type Color (red, dark_blue) # two
type Pair(
  # The first.
  a: ?[]int,
  b: (x: string, y: bool)
)
method Do(pair: Pair) -> (  text:string  )
method Nothing() -> ()
error Failed (why: Color)`);
  expect(name).toBe('org.example.more');
  const [color, pair] = [types.get('Color'), types.get('Pair')];
  expect(color).toEqual({ kind: 'enum', words: ['red', 'dark_blue'] });
  const point = new Map([
    ['x', { kind: 'string' }],
    ['y', { kind: 'bool' }],
  ]);
  expect(pair).toEqual({
    kind: 'struct',
    fields: new Map<string, unknown>([
      ['a', { kind: 'maybe', of: { kind: 'array', of: { kind: 'int' } } }],
      ['b', { kind: 'struct', fields: point }],
    ]),
  });
  expect([...methods.keys()]).toEqual(['Do', 'Nothing']);
  expect(methods.get('Do')?.input).toEqual(new Map([['pair', { kind: 'named', name: 'Pair' }]]));
  expect(methods.get('Nothing')).toEqual({ input: new Map(), output: new Map() });
  expect(errors.get('Failed')).toEqual(new Map([['why', { kind: 'named', name: 'Color' }]]));
});

test.each([
  ['no interface', 'type A (a: int)'],
  ['an end in the middle', 'interface a.b\nmethod Do(a: int'],
  ['what has no type', 'interface a.b\ntype A (a: int, b)'],
  ['no arrow', 'interface a.b\nmethod Do() ()'],
  ['something else', 'interface a.b\nservice X ()'],
  ['a foreign character', 'interface a.b\ntype A (a; int)'],
  ['fields without parentheses', 'interface a.b\nerror A int'],
  ['a type of maps', 'interface a.b\ntype A (a: [string]int)'],
  ['a name twice', 'interface a.b\ntype A (a: int)\nerror A ()'],
])('%s is refused', (_, text) => {
  expect(() => parseInterface(text)).toThrow();
});
