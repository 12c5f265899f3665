import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { breakDown } from '../../bench/breakdown.js';
import { compare, type Measure, shareOfBound } from '../../bench/measure.js';
import { pageOf } from '../../bench/page.js';
import { pictureOf } from '../../bench/picture.js';
import { type Conditions, Measured, type Results } from '../../bench/results.js';
import { spreadOf } from '../../bench/statistics.js';
import { scratchFolder } from '../support/scratch.js';

test.each([
  [[3], { median: 3, least: 3, most: 3 }],
  [[5, 1, 3], { median: 3, least: 1, most: 5 }],
  [[4, 1, 2, 10], { median: 3, least: 1, most: 10 }],
])('the spread of %j', (numbers, spread) => {
  expect(spreadOf(numbers)).toEqual(spread);
});

/** Takes the times that are given, one after the other. */
function measure(ours: number[], theirs: number[], more: Partial<Measure> = {}): Measure {
  return {
    name: '`a` & b',
    against: 'c',
    unit: 'instructions',
    ours: async () => ours.shift() ?? Number.NaN,
    theirs: async () => theirs.shift() ?? Number.NaN,
    ...more,
  };
}

test('pairs are compared with each other, and the first one does not count', async () => {
  const outcome = await compare(measure([100, 2e6, 6e6, 3e6], [1, 1e6, 2e6, 3e6]), 3);
  expect(outcome).toMatchObject({
    rounds: 3,
    ours: { median: 3e6, least: 2e6, most: 6e6 },
    came: { median: 2, least: 1, most: 3 },
  });
  expect(shareOfBound(outcome)).toBeUndefined();
});

test('what is to be done once is done once', async () => {
  const outcome = await compare(measure([8, 9], [4, 4], { rounds: 1, bound: 4 }), 15);
  expect(outcome).toMatchObject({ rounds: 1, came: { median: 2 } });
  expect(shareOfBound(outcome)).toBe(0.5);
});

test('steps are taken in turn, the first turn does not count, and each has those before among it', async () => {
  const inTurn = [9, 1, 2, 4, 9, 3, 1, 7, 8, 9];
  const take = async () => inTurn.shift() ?? Number.NaN;
  const steps = [
    { what: 'one', take },
    { what: 'and more', take },
  ];
  expect(await breakDown({ of: 'both', steps }, 3)).toEqual({
    of: 'both',
    steps: [
      { what: 'one', taken: 2 },
      { what: 'and more', taken: 4 },
    ],
  });
  expect(inTurn).toEqual([8, 9]);
});

test('a speedup has to reach its bound, a difference not to exceed it', async () => {
  const speedup = await compare(measure([8, 1], [4, 2], { rounds: 1, bound: 1, result: 'speedup' }), 1);
  expect(speedup.came.median).toBe(0.5);
  expect(shareOfBound(speedup)).toBe(2);
  const more = await compare(measure([8, 8], [4, 4], { bound: 8, result: 'difference' }), 1);
  expect(shareOfBound(more)).toBe(0.5);
});

const conditions: Conditions = {
  dmfd: '0.1.0 (abc)',
  guestKernel: '6.12',
  node: 'v20',
  dmsetup: '1.02',
  cryptsetup: '2.6',
  qemu: '7.2',
  hostKernel: '6.1',
  processor: '2 × x',
  rounds: 15,
};

test('a run that was interrupted is gone on with, if it was of the same commit', async () => {
  const file = join(scratchFolder(), 'build/bench.json');
  const [once, again] = [
    await compare(measure([0, 1], [0, 1]), 1),
    await compare(measure([0, 2], [0, 1]), 1),
  ];
  const first = new Measured(file, conditions);
  first.add(once);
  first.add({ ...once, against: 'd' });
  first.add(again);
  first.addBreakdown({ of: 'e', steps: [{ what: 'f', taken: 1 }] });

  const second = new Measured(file, conditions);
  expect(second.results.outcomes).toEqual([{ ...once, against: 'd' }, again]);
  expect(second.has(once)).toBe(true);
  expect(second.hasBreakdown('e')).toBe(true);
  expect(second.hasBreakdown('f')).toBe(false);
  expect(second.has({ ...once, against: 'e' })).toBe(false);

  expect(new Measured(file, { ...conditions, dmfd: '0.1.0 (abd)' }).has(once)).toBe(false);
  const changed = { ...conditions, dmfd: '0.1.0 (abc-dirty)' };
  new Measured(file, changed).add(once);
  expect(new Measured(file, changed).has(once)).toBe(false);
  writeFileSync(file, '{');
  expect(new Measured(file, conditions).results.outcomes).toEqual([]);
});

test('page and picture have each row, and what was asked for', async () => {
  const results: Results = {
    conditions,
    outcomes: [
      await compare(measure([0, 2e6, 2e6], [0, 1e6, 1e6], { bound: 1.1 }), 2),
      await compare(
        measure([0, 4e-5], [0, 1e-6], { unit: 'seconds', result: 'difference', bound: 150e-6 }),
        1,
      ),
      await compare(measure([0, 3e8], [0, 1e8], { name: 'free' }), 1),
      await compare(
        measure([0, 3 * 1024 * 1024], [0, 1e9], { name: 'memory', unit: 'bytes', bound: 0.05 }),
        1,
      ),
    ],
    swap: [{ way: '`dmfd swap`', steps: 1, undo: 1, programs: 3, tasks: 4, systemCalls: 500 }],
    breakdowns: [
      {
        of: '`a`',
        steps: [
          { what: 'b', taken: 1e8 },
          { what: 'c', taken: 1.5e8 },
        ],
      },
    ],
  };
  const page = pageOf(results);
  expect(page).toContain('| `a` & b | c | 2.00 M | 1.00 M | 2.00 | at most 1.1: **not reached** |');
  expect(page).toContain('| `a` & b (once) | c | 40 µs | 1 µs | 39 µs more | at most 150 µs more: reached |');
  expect(page).toContain('| free (once) | c | 300 M | 100 M | 3.00 |  |');
  expect(page).toContain('| memory (once) | c | 3.00 MiB | 953.67 MiB | 0.003 | at most 0.05: reached |');
  expect(page).toContain('| `dmfd swap` | 1 | 1 | 3 | 4 | 500 |');
  expect(page).toContain(
    '| `a` | adds | altogether |\n| --- | --- | --- |\n| b | 100 M | 100 M |\n| c | 50.00 M | 150 M |',
  );
  const picture = pictureOf(results);
  expect(picture).toMatch(
    /^<svg [^>]*>\n( {2}<(title|rect|line|text)[^<]*(<\/(title|text)>|\/>)\n)+<\/svg>\n$/,
  );
  expect(picture.match(/>a &amp; b</g)).toHaveLength(2);
  expect(picture).not.toContain('free');
  expect(picture).not.toMatch(/NaN|Infinity|undefined/);
});
