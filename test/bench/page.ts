/** What was measured, as a page of Markdown. */
import type { Breakdown } from './breakdown.js';
import { ANSWERED_BEFORE } from './guest.js';
import { type Outcome, shareOfBound, type Unit } from './measure.js';
import type { Results } from './results.js';
import type { Spread } from './statistics.js';
import type { SwapCounts } from './swap-counts.js';

export function pageOf({ conditions, outcomes, swap, breakdowns }: Results): string {
  return `# What dmfd costs

\`make bench\` has written this page. What is compared is done in turn, ${conditions.rounds} times unless the row says otherwise, after once
that does not count. A cell has the median, and in brackets the least and the most.

${tableOf(outcomes)}

![Each ratio against what was asked for](results.svg)

## What the longest are made of

Each line does what the one before does, and more:

${breakdowns.map(stepsOf).join('\n\n')}

What sets up encrypted swap consists of, as the kernel counts it in all processes:

${countsOf(swap)}

- **Instructions** (in millions: M) are those of a virtual machine with one processor, whose clock counts them: the kernel's and those of all
  processes, and a nanosecond for each until the next timer when all of them wait. All files are in its memory, and no udevd runs, but in the
  row "beside udevd".
- **64 at once** is measured on the clock of an emulated machine with two processors, and what is called native on this machine's own.
  In its warm row, dmfd waits for up to 20 seconds until the service accepts. As it is installed, it waits for 50 ms, which are too few
  in emulation, and then starts Node.
- What "cold" says is that dmfd starts Node each time; "warm", that \`dmfd serve\` runs, and it never does; the service
  has made ${ANSWERED_BEFORE} devices before, and as many over a file. "Resident" is \`VmRSS\`.
- [All numbers](results.json), with what they were measured on:

| what       | version                       |
| ---------- | ----------------------------- |
| dmfd       | ${conditions.dmfd}            |
| the guest  | Linux ${conditions.guestKernel} |
| Node       | ${conditions.node}            |
| dmsetup    | ${conditions.dmsetup}         |
| cryptsetup | ${conditions.cryptsetup}      |
| emulator   | ${conditions.qemu}            |
| host       | Linux ${conditions.hostKernel}, ${conditions.processor} |
`;
}

function tableOf(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map((outcome) => {
    const { name, against, unit, ours, theirs, rounds } = outcome;
    const bound = boundOf(outcome);
    const once = rounds === 1 ? ' (once)' : '';
    return [`${name}${once}`, against, amounts(ours, unit), amounts(theirs, unit), cameTo(outcome), bound];
  });
  return markdown(['measure', 'against', 'dmfd', 'the other', 'comes to', 'was to be'], rows);
}

export function stepsOf({ of, steps }: Breakdown): string {
  const rows = steps.map(({ what, taken }, index) => {
    const before = steps[index - 1]?.taken ?? 0;
    return [what, amount(taken - before, 'instructions'), amount(taken, 'instructions')];
  });
  return markdown([of, 'adds', 'altogether'], rows);
}

function countsOf(swap: readonly SwapCounts[]): string {
  const rows = swap.map(({ way, steps, undo, programs, tasks, systemCalls }) =>
    [way, steps, undo, programs, tasks, systemCalls].map(String),
  );
  return markdown(['', 'steps', 'steps to undo', 'programs', 'processes and threads', 'system calls'], rows);
}

function markdown(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  return [heads, heads.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** A line for a terminal. */
export function rowOf(outcome: Outcome): string {
  const { name, against, unit, ours, theirs } = outcome;
  return `${name}, against ${against}: ${amounts(ours, unit)} and ${amounts(theirs, unit)}: ${cameTo(outcome)} ${boundOf(outcome)}`;
}

function boundOf(outcome: Outcome): string {
  const { bound, result } = outcome;
  if (bound === undefined) return '';
  const verdict = (shareOfBound(outcome) ?? 0) <= 1 ? 'reached' : '**not reached**';
  if (result === 'difference') return `at most ${amount(bound, 'seconds')} more: ${verdict}`;
  return `${result === 'speedup' ? 'at least' : 'at most'} ${bound}: ${verdict}`;
}

function cameTo({ result, came, unit }: Outcome): string {
  const one = (number: number): string => {
    if (result === 'difference') return `${amount(number, unit)} more`;
    return number.toFixed(number < 0.1 ? 3 : 2);
  };
  return withSpread(came, one);
}

function amounts(spread: Spread, unit: Unit): string {
  return withSpread(spread, (number) => amount(number, unit));
}

function withSpread({ median, least, most }: Spread, words: (number: number) => string): string {
  const [middle, low, high] = [words(median), words(least), words(most)];
  return low === high ? middle : `${middle} (${low} to ${high})`;
}

function amount(number: number, unit: Unit): string {
  if (unit === 'instructions') return `${(number / 1e6).toFixed(number < 1e8 ? 2 : 0)} M`;
  if (unit === 'bytes') return `${(number / 1024 / 1024).toFixed(2)} MiB`;
  if (number < 1e-3) return `${(number * 1e6).toFixed(0)} µs`;
  return number < 1 ? `${(number * 1e3).toFixed(1)} ms` : `${number.toFixed(1)} s`;
}
