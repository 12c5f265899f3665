import { describe, expect, test } from 'vitest';
import {
  appendedNames,
  inheritedNames,
  listenPidEntry,
  listenVariables,
} from '../../../src/handoff/listen.js';

const PID = 'LISTEN_PID=12';

describe('what was given by sd_listen_fds', () => {
  test.each<[what: string, environment: string[], open: number[], names: string[]]>([
    ['nothing', [], [0, 1, 2, 3], []],
    ['two', [PID, 'LISTEN_FDS=2', 'LISTEN_FDNAMES=a:b'], [0, 1, 2, 3, 4], ['a', 'b']],
    ['two without names', [PID, 'LISTEN_FDS=2'], [3, 4], ['unknown', 'unknown']],
    ['a name short', [PID, 'LISTEN_FDS=2', 'LISTEN_FDNAMES=a'], [3, 4], ['a', 'unknown']],
    ["another process's", ['LISTEN_PID=13', 'LISTEN_FDS=2'], [3, 4], []],
    ['fewer than announced', [PID, 'LISTEN_FDS=2'], [3, 5], []],
    ['no number', [PID, 'LISTEN_FDS=x'], [3], []],
    ['a negative number', [PID, 'LISTEN_FDS=-1'], [3], []],
    ['a fraction', [PID, 'LISTEN_FDS=1.5'], [3, 4], []],
  ])('%s', (_what, environment, open, names) => {
    expect(inheritedNames(environment, 12, open)).toEqual(names);
  });
});

test('the pid has room for the longest one, which the shim writes', () => {
  expect(listenPidEntry()).toBe('LISTEN_PID=          ');
});

test('what is given is told in the words of the protocol', () => {
  const names = appendedNames(['one', 'unknown'], 'Gerät');
  expect(listenVariables(names)).toEqual([
    listenPidEntry(),
    'LISTEN_FDS=3',
    'LISTEN_FDNAMES=one:unknown:Ger\xc3\xa4t',
  ]);
  expect(listenVariables(appendedNames([], 'mine'))).toContain('LISTEN_FDNAMES=mine');
});
