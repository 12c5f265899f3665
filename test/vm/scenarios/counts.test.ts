import { beforeAll, expect, test } from 'vitest';
import { type Counts, counter, countsBy } from '../../bench/count-events.js';
import { expectNothingLeft, sh } from './support.js';

/**
 * What a start makes the kernel do beside what `node -e 0` does, which is another number with each Node: at most so much. When this
 * was written, the system calls were 74 to 78 and 211 to 215, and of the rest there were as many.
 */
const MOST: readonly [line: string, most: Counts][] = [
  ['dmfd --version', { programs: 1, tasks: 0, systemCalls: 90, ioctls: 0 }],
  ['dmfd create --table "0 8 zero" --exec -- true', { programs: 2, tasks: 2, systemCalls: 240, ioctls: 8 }],
];

let count: Awaited<ReturnType<typeof counter>>;
let node: Counts;

beforeAll(async () => {
  count = await counter(sh);
  node = await least('node -e 0');
});

test.each(MOST)('%s', async (line, most) => {
  const all = await least(line);
  const own = countsBy((kind) => all[kind] - node[kind]);
  console.info(line, own);
  expect(countsBy((kind) => Math.max(own[kind], most[kind]))).toEqual(most);
  await expectNothingLeft();
});

/** Of three times: the first loads modules, and what others do meanwhile is counted, too. */
async function least(line: string): Promise<Counts> {
  const all = [await count(line), await count(line), await count(line)];
  return countsBy((kind) => Math.min(...all.map((counts) => counts[kind])));
}
