import { spreadOf } from './statistics.js';

/** What is to be measured step by step: each does what the one before does, and more. */
export interface Steps {
  /** As in the table of measures. */
  readonly of: string;
  readonly steps: readonly { readonly what: string; readonly take: () => Promise<number> }[];
}

/** What the steps took. */
export interface Breakdown {
  readonly of: string;
  /** Instructions: the median, with those of the steps before. */
  readonly steps: readonly { readonly what: string; readonly taken: number }[];
}

/** Does all steps in turn, so often, after once that does not count. */
export async function breakDown({ of, steps }: Steps, rounds: number): Promise<Breakdown> {
  const times = steps.map((): number[] => []);
  for (let round = 0; round <= rounds; round++)
    for (const [index, { take }] of steps.entries()) {
      const time = await take();
      if (round > 0) times[index]?.push(time);
    }
  return {
    of,
    steps: steps.map(({ what }, index) => ({ what, taken: spreadOf(times[index] ?? []).median })),
  };
}
