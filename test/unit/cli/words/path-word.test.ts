import { describe, expect, test } from 'vitest';
import { parsePathWord } from '../../../../src/cli/words/path-word.js';
import { refusal } from '../../support/refusal.js';

const KEYS = { a: 'value', b: 'value', 'with-dash': 'value', ro: 'flag' } as const;
const parse = (word: string) => parsePathWord('--x', word, KEYS);

describe('a PATH word', () => {
  test.each<[word: string, path: string, keys: Record<string, string>]>([
    ['disk.img', 'disk.img', {}],
    ['/dev/sda', '/dev/sda', {}],
    ['a b', 'a b', {}],
    ['disk,a=1', 'disk', { a: '1' }],
    ['disk,a=1,b=2,ro', 'disk', { a: '1', b: '2', ro: '' }],
    ['disk,with-dash=x=y', 'disk', { 'with-dash': 'x=y' }],
    ['one,,two', 'one,two', {}],
    ['one,,', 'one,', {}],
    [',,one', ',one', {}],
    ['one,,,a=1', 'one,', { a: '1' }],
    ['one,,,,two', 'one,,two', {}],
    ['one,a=p,,q', 'one', { a: 'p,q' }],
    ['one,a=p,,,ro', 'one', { a: 'p,', ro: '' }],
    ['a=1', 'a=1', {}],
    ['ro', 'ro', {}],
    ['LABEL=two words', 'LABEL=two words', {}],
  ])('%j', (word, path, keys) => {
    const parsed = parse(word);
    expect(parsed.path).toBe(path);
    expect(Object.fromEntries(parsed.keys)).toEqual(keys);
  });

  test.each<[word: string, message: string, hint?: string]>([
    ['', '--x : it begins with no path', 'as in --x disk.img'],
    [',a=1', '--x ,a=1: it begins with no path'],
    [
      'my,disk.img',
      '--x my,disk.img: after the comma stands "disk.img", which is no key',
      'the keys are a= b= with-dash= ro; a comma in a path is written twice: my,,disk.img',
    ],
    ['d,', '--x d,: after the comma stands "", which is no key'],
    ['d,toString=1', '--x d,toString=1: after the comma stands "toString=1", which is no key'],
    ['d,A=1', '--x d,A=1: after the comma stands "A=1", which is no key'],
    ['d, a=1', '--x d, a=1: after the comma stands " a=1", which is no key'],
    ['d,a', '--x d,a: a needs a value', 'write a=…'],
    ['d,a=', '--x d,a=: nothing stands after a='],
    ['d,ro=1', '--x d,ro=1: ro takes no value', 'write ro alone'],
    ['d,a=1,a=1', '--x d,a=1,a=1: a stands there twice'],
    ['d,ro,ro', '--x d,ro,ro: ro stands there twice'],
  ])('%j is refused', (word, message, hint) => {
    const error = refusal(() => parse(word));
    expect(error).toMatchObject({ kind: 'usage', message });
    if (hint !== undefined) expect(error.hint).toBe(hint);
  });
});
