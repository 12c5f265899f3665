import { expect, test } from 'vitest';
import { splitArguments } from '../../../src/cli/split-arguments.js';

test.each<[argv: string[], own: string[], commandLength: number | undefined]>([
  [[], [], undefined],
  [['create', 'a'], ['create', 'a'], undefined],
  [['create', '--', 'sh', '-c', 'x'], ['create'], 3],
  [['create', '--'], ['create'], 0],
  [['--', '--'], [], 1],
  [['create', '--', 'sh', '--', '--help'], ['create'], 3],
  [['create', '---'], ['create', '---'], undefined],
])('%j', (argv, own, commandLength) => {
  expect(splitArguments(argv)).toEqual({ own, commandLength });
});
