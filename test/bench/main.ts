/**
 * `make bench`: what dmfd costs, against what it replaces. Writes docs/performance/: a page, a picture, and all numbers as JSON.
 * `ROUNDS` says how many pairs of runs there are, `KERNEL` which kernel, `ONLY` which measures (a regular expression); then nothing
 * is written but build/bench.json, for such a run says less.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { checkout } from '../vm/harness/checkout.js';
import { countedMeasures, crowdedMeasure, udevMeasure, warmMeasures } from './counted.js';
import { BenchGuest } from './guest.js';
import { compare, type Measure, type Outcome } from './measure.js';
import { pageOf, rowOf } from './page.js';
import { pictureOf } from './picture.js';
import { atOnceMeasure, atOnceName, nativeMeasures } from './real.js';
import type { Conditions, Results } from './results.js';
import { countSwap, type SwapCounts } from './swap-counts.js';

/** What is written down has at least so many. */
const ENOUGH = 15;

const kernel = process.env.KERNEL || 'debian-6.12';
const rounds = Number(process.env.ROUNDS || ENOUGH);
const only = process.env.ONLY ? new RegExp(process.env.ONLY) : undefined;
const isWhole = only === undefined && rounds >= ENOUGH;

const outcomes: Outcome[] = [];
const swap: SwapCounts[] = [];

function wants(name: string): boolean {
  return only === undefined || only.test(name);
}

/** @param around what is needed for them, where there are any */
async function perform(
  measures: readonly Measure[],
  around: (work: () => Promise<void>) => Promise<void> = (work) => work(),
): Promise<void> {
  const wanted = measures.filter(({ name }) => wants(name));
  if (wanted.length > 0) await around(() => compareAll(wanted));
}

async function compareAll(measures: readonly Measure[]): Promise<void> {
  for (const measure of measures) {
    const outcome = await compare(measure, rounds);
    outcomes.push(outcome);
    console.log(rowOf(outcome));
  }
}

async function inGuest(
  clock: 'counted' | 'real',
  work: (guest: BenchGuest) => Promise<void>,
): Promise<string> {
  const guest = await BenchGuest.start(kernel, clock);
  try {
    await work(guest);
    return guest.vm.kernel.release;
  } finally {
    await guest.close();
  }
}

await perform(nativeMeasures());
const release = await inGuest('counted', async (guest) => {
  await perform(await countedMeasures(guest));
  if (wants('swap')) swap.push(...(await countSwap(guest)));
  await perform(await warmMeasures(guest), (work) => guest.served(work));
  await perform([udevMeasure(guest)], (work) => guest.withUdev(() => guest.served(work)));
  if (wants('5,000')) await perform([await crowdedMeasure(guest, rounds)]);
});
if (wants(atOnceName('cold')) || wants(atOnceName('warm')))
  await inGuest('real', async (guest) => {
    await perform([atOnceMeasure(guest, 'cold')]);
    await perform([atOnceMeasure(guest, 'warm')], (work) => guest.served(work));
  });

const results: Results = { conditions: conditionsOf(release), outcomes, swap };
const json = `${JSON.stringify(results, null, 2)}\n`;
mkdirSync(join(checkout, 'build'), { recursive: true });
writeFileSync(join(checkout, 'build/bench.json'), json);
if (isWhole) {
  const folder = join(checkout, 'docs/performance');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'results.json'), json);
  writeFileSync(join(folder, 'README.md'), pageOf(results));
  writeFileSync(join(folder, 'results.svg'), pictureOf(results));
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
