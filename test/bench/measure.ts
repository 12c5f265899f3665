import { type Spread, spreadOf } from './statistics.js';

/** Instructions of a guest whose clock counts them; seconds of this machine, or of a guest's clock that goes with it; memory. */
export type Unit = 'instructions' | 'seconds' | 'bytes';

/** One thing that dmfd is compared in. */
export interface Measure {
  /** As in the table. */
  readonly name: string;
  readonly against: string;
  readonly unit: Unit;
  readonly ours: () => Promise<number>;
  readonly theirs: () => Promise<number>;
  /** What the two come to: ours for each of theirs (default); theirs for each of ours; how much more ours is. */
  readonly result?: 'ratio' | 'speedup' | 'difference';
  /** What the result must not exceed; a speedup has to reach it. */
  readonly bound?: number;
  /** How many pairs at most, where a pair takes minutes. */
  readonly rounds?: number;
}

/** What a measure came to. */
export interface Outcome extends Pick<Measure, 'name' | 'against' | 'unit' | 'bound'> {
  readonly result: NonNullable<Measure['result']>;
  readonly rounds: number;
  readonly ours: Spread;
  readonly theirs: Spread;
  /** Of the pairs. */
  readonly came: Spread;
}

const RESULTS: Readonly<Record<Outcome['result'], (ours: number, theirs: number) => number>> = {
  ratio: (ours, theirs) => ours / theirs,
  speedup: (ours, theirs) => theirs / ours,
  difference: (ours, theirs) => ours - theirs,
};

/** Does both in turn, so often, after once that does not count: it loads modules and fills caches. What takes minutes does without. */
export async function compare(measure: Measure, rounds: number): Promise<Outcome> {
  const { name, against, unit, bound, result = 'ratio' } = measure;
  const pairs: (readonly [ours: number, theirs: number])[] = [];
  const count = Math.min(rounds, measure.rounds ?? rounds);
  if (measure.rounds !== 1) await pairOf(measure);
  for (let round = 0; round < count; round++) pairs.push(await pairOf(measure));
  return {
    name,
    against,
    unit,
    ...(bound === undefined ? {} : { bound }),
    result,
    rounds: count,
    ours: spreadOf(pairs.map(([ours]) => ours)),
    theirs: spreadOf(pairs.map(([, theirs]) => theirs)),
    came: spreadOf(pairs.map(([ours, theirs]) => RESULTS[result](ours, theirs))),
  };
}

async function pairOf({ ours, theirs }: Measure): Promise<readonly [number, number]> {
  return [await ours(), await theirs()];
}

/** How many times what was asked for; 1 and less is as good as that. undefined where nothing was asked for. */
export function shareOfBound({ bound, result, came }: Outcome): number | undefined {
  if (bound === undefined) return undefined;
  return result === 'speedup' ? bound / came.median : came.median / bound;
}
