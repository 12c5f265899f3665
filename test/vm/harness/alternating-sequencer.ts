import { join } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { existing } from '../default-set.js';
import { checkout } from './checkout.js';

/** Unit tests that mostly wait: at the end, nothing would be left to do meanwhile. */
const SLEEPERS = ['cli/progress', 'handoff/run', 'native-shims/ask'].map((name) =>
  join(checkout, existing(`test/unit/${name}.test.ts`)),
);

/**
 * vitest's own order, longest files first, but for those that sleep, which are the first of theirs; and the projects take turns: files of
 * one guest wait for each other, so workers that all had files of the same one would not work side by side.
 */
export class AlternatingSequencer extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const queues = new Map<string, TestSpecification[]>();
    const rank = ({ moduleId }: TestSpecification): number => (SLEEPERS.includes(moduleId) ? 0 : 1);
    for (const file of (await super.sort(files)).toSorted((one, other) => rank(one) - rank(other)))
      queues.set(file.project.name, [...(queues.get(file.project.name) ?? []), file]);
    const longest = Math.max(0, ...[...queues.values()].map((queue) => queue.length));
    const rounds = Array.from({ length: longest }, (_, round) =>
      [...queues.values()].flatMap((queue) => queue.slice(round, round + 1)),
    );
    return rounds.flat();
  }
}
