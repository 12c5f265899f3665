import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { expect, test } from 'vitest';
import { describeErrno, errnoOf } from '../../../src/kernel/errno.js';

const SYNONYMS: Readonly<Record<string, string>> = {
  EWOULDBLOCK: 'EAGAIN',
  ENOTSUP: 'EOPNOTSUPP',
  EDEADLOCK: 'EDEADLK',
};

test.each(Object.entries(constants.errno))('%s is known by its number %i', (name, number) => {
  expect(describeErrno(number)).toMatchObject({ number, name: SYNONYMS[name] ?? name });
});

test.each([
  ['EBUSY', 'resource busy or locked'],
  ['ENXIO', 'no such device or address'],
  ['EOPNOTSUPP', 'operation not supported'],
  ['ESTALE', 'it is not the same device any more'],
] as const)('%s has words: %s', (name, words) => {
  expect(describeErrno(constants.errno[name]).words).toBe(words);
});

test('a number that nobody knows is told as such', () => {
  expect(describeErrno(4000)).toEqual({ number: 4000, name: 'errno 4000', words: 'unknown error' });
});

test("the errno of Node's own errors", () => {
  let thrown: unknown;
  try {
    readFileSync('/nonexistent');
  } catch (error) {
    thrown = error;
  }
  expect(errnoOf(thrown)).toMatchObject({ number: 2, name: 'ENOENT' });
  // Where tests have a realm of their own, it is no instance of their Error.
  expect(errnoOf({ errno: -2 })).toMatchObject({ number: 2, name: 'ENOENT' });
});

test.each([[new Error('plain')], ['text'], [undefined], [null], [{ errno: 'ENOENT' }]])(
  '%j has none',
  (error) => {
    expect(errnoOf(error)).toBeUndefined();
  },
);
