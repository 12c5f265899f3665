import { expect, test } from 'vitest';
import { vmFile } from '../harness/checkout.js';
import { everything, expectNothingLeft, kernelKnows, sh } from './support.js';

/** A start of Node each, which an emulated processor takes most of a second for. */
const COUNT = everything ? 16 : 4;

/** Names, UUIDs, numbers, and disk sequence numbers: all 0 where there are none. */
const DISTINCT = [COUNT, COUNT, COUNT, kernelKnows('diskseq') ? COUNT : 1].join('\n');

test(`${COUNT} creations at once all succeed, are all distinct, and leave nothing`, async () => {
  expect(await sh(`${vmFile('scenarios/concurrency/many.sh')} ${COUNT}`, 180_000)).toBe(
    `${COUNT}\n ${COUNT} 0\n${DISTINCT}\n`,
  );
  await expectNothingLeft();
});
