import { expect, test } from 'vitest';
import { formatReaped, formatReapedJson } from '../../../src/cli/reap.js';
import type { Reaped } from '../../../src/device/reap.js';
import { summary } from '../support/device.js';

const REAPED: Reaped = {
  devices: [summary(), summary({ name: 'b', openCount: 2 })],
  beingMade: [summary({ name: 'c', state: 'being-made' })],
  loops: [
    { major: 7, minor: 0, diskseq: 3n, file: '/a "file"', detached: true },
    { major: 7, minor: 1, diskseq: 4n, file: '/b', detached: false },
  ],
  links: [{ path: '/dev/mapper/a', target: '../dm-9' }],
};

test('for people, each thing is a line', () => {
  expect(formatReaped(REAPED, false)).toEqual([
    'a: removed',
    'b: goes when its last holder does (open 2)',
    'c: being made, left alone',
    '/dev/loop0 (/a "file"): detached',
    '/dev/loop1 (/b): detaches when nobody uses it',
    '/dev/mapper/a -> ../dm-9: stale link, removed',
  ]);
});

test.each([
  [false, ['removed', 'held', 'left-alone', 'detached', 'held', 'removed']],
  [true, ['removed', 'held', 'left-alone', null, null, 'removed']],
])('in JSON each is a line that has all of it; dry run: %s', (dryRun, results) => {
  const lines = formatReapedJson(REAPED, dryRun).trimEnd().split('\n');
  const parsed = lines.map((line) => JSON.parse(line));
  expect(parsed.map(({ result }) => result)).toEqual(results);
  expect(parsed.every((line) => line.dryRun === dryRun)).toBe(true);
  expect(parsed[0]).toEqual({
    type: 'device',
    name: 'a',
    uuid: 'DMFD-1',
    path: '/dev/dm-0',
    dev: '254:0',
    major: 254,
    minor: 0,
    diskseq: 5,
    size: 4096,
    readonly: false,
    targets: [],
    openCount: 0,
    deferredRemove: false,
    state: 'leaked',
    created: null,
    result: 'removed',
    dryRun,
  });
  expect(parsed[3]).toMatchObject({
    type: 'loop',
    path: '/dev/loop0',
    dev: '7:0',
    diskseq: 3,
    file: '/a "file"',
  });
});
