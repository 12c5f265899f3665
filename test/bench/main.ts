/**
 * `make bench`: what dmfd costs, against what it replaces. Writes docs/performance/: a page, a picture, and all numbers as JSON.
 * `ROUNDS` says how many pairs of runs there are, `KERNEL` which kernel, `ONLY` which measures (a regular expression); then nothing
 * is written but build/bench.json, for such a run says less. A whole run goes on from there, if that was of the same commit.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { checkout } from '../vm/harness/checkout.js';
import { findKernel } from '../vm/harness/kernel.js';
import { breakDown, type Steps } from './breakdown.js';
import {
  CROWDED,
  countedMeasures,
  countedSteps,
  crowdedMeasure,
  udevMeasure,
  warmMeasures,
} from './counted.js';
import { BenchGuest } from './guest.js';
import { compare, type Measure } from './measure.js';
import { pageOf, rowOf, stepsOf } from './page.js';
import { pictureOf } from './picture.js';
import { AT_ONCE, atOnceMeasure, nativeMeasures } from './real.js';
import { type Conditions, jsonOf, Measured } from './results.js';
import { countSwap } from './swap-counts.js';

/** What is written down has at least so many. */
const ENOUGH = 15;

const kernel = process.env.KERNEL || 'debian-6.12';
const rounds = Number(process.env.ROUNDS || ENOUGH);
const only = process.env.ONLY ? new RegExp(process.env.ONLY) : undefined;
const isWhole = only === undefined && rounds >= ENOUGH;

const file = join(checkout, 'build/bench.json');
const measured = new Measured(file, conditionsOf((await findKernel(kernel)).release));

function wants(what: Pick<Measure, 'name' | 'against'>): boolean {
  return only === undefined ? !measured.has(what) : only.test(what.name);
}

/** @param around what is needed for them, where there are any */
async function perform(
  measures: readonly Measure[],
  around: (work: () => Promise<void>) => Promise<void> = (work) => work(),
): Promise<void> {
  const wanted = measures.filter(wants);
  if (wanted.length > 0) await around(() => compareAll(wanted));
}

async function compareAll(measures: readonly Measure[]): Promise<void> {
  for (const measure of measures) {
    const outcome = await compare(measure, rounds);
    measured.add(outcome);
    console.log(rowOf(outcome));
  }
}

async function performSteps(steps: Steps): Promise<void> {
  if (only === undefined ? measured.hasBreakdown(steps.of) : !only.test(steps.of)) return;
  const breakdown = await breakDown(steps, rounds);
  measured.addBreakdown(breakdown);
  console.log(stepsOf(breakdown));
}

async function inGuest(clock: 'counted' | 'real', work: (guest: BenchGuest) => Promise<void>): Promise<void> {
  const guest = await BenchGuest.start(kernel, clock);
  try {
    await work(guest);
  } finally {
    await guest.close();
  }
}

await perform(nativeMeasures());
await inGuest('counted', async (guest) => {
  await perform(await countedMeasures(guest));
  if (only === undefined || only.test('swap')) measured.addSwap(await countSwap(guest));
  for (const steps of await countedSteps(guest)) await performSteps(steps);
  await perform(await warmMeasures(guest), (work) => guest.served(work));
  await perform([udevMeasure(guest)], (work) => guest.withUdev(() => guest.served(work)));
  if (wants(CROWDED)) await perform([await crowdedMeasure(guest, rounds)]);
});
if (wants(AT_ONCE.cold) || wants(AT_ONCE.warm))
  await inGuest('real', async (guest) => {
    await perform([atOnceMeasure(guest, 'cold')]);
    await perform([atOnceMeasure(guest, 'warm')], (work) => guest.served(work));
  });

if (isWhole) {
  const { results } = measured;
  const folder = join(checkout, 'docs/performance');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'results.json'), jsonOf(results));
  writeFileSync(join(folder, 'README.md'), pageOf(results));
  writeFileSync(join(folder, 'results.svg'), pictureOf(results));
  // The next one begins anew.
  rmSync(file);
}

function conditionsOf(guestKernel: string): Conditions {
  const firstLine = (program: string, ...words: string[]): string =>
    // dmsetup complains of this machine's kernel, too.
    execFileSync(program, words, { encoding: 'utf8', stdio: 'pipe' }).split('\n')[0]?.trim() ?? '';
  const { version } = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8'));
  return {
    dmfd: `${version} (${firstLine('git', '-C', checkout, 'describe', '--always', '--dirty')})`,
    guestKernel,
    node: process.version,
    dmsetup: firstLine('dmsetup', '--version').replace(/^.*:\s*/, ''),
    cryptsetup: firstLine('cryptsetup', '--version'),
    qemu: firstLine('qemu-system-x86_64', '--version'),
    hostKernel: firstLine('uname', '-r'),
    processor: `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}`,
    rounds,
  };
}
