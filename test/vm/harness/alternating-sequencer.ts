import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * vitest's own order, longest files first, but the projects take turns: files of one guest wait for each
 * other, so workers that all had files of the same one would not work side by side.
 */
export class AlternatingSequencer extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const queues = new Map<string, TestSpecification[]>();
    for (const file of await super.sort(files))
      queues.set(file.project.name, [...(queues.get(file.project.name) ?? []), file]);
    const longest = Math.max(0, ...[...queues.values()].map((queue) => queue.length));
    const rounds = Array.from({ length: longest }, (_, round) =>
      [...queues.values()].flatMap((queue) => queue.slice(round, round + 1)),
    );
    return rounds.flat();
  }
}
