import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Breakdown } from './breakdown.js';
import type { Outcome } from './measure.js';
import type { SwapCounts } from './swap-counts.js';

/** What has been measured, where, and with what. */
export interface Results {
  readonly conditions: Conditions;
  readonly outcomes: readonly Outcome[];
  readonly swap: readonly SwapCounts[];
  readonly breakdowns: readonly Breakdown[];
}

export interface Conditions {
  readonly dmfd: string;
  readonly guestKernel: string;
  readonly node: string;
  readonly dmsetup: string;
  readonly cryptsetup: string;
  readonly qemu: string;
  readonly hostKernel: string;
  readonly processor: string;
  readonly rounds: number;
}

/** What has been measured, kept in a file: a run that was interrupted after an hour is gone on with. */
export class Measured {
  readonly #file: string;
  readonly #conditions: Conditions;
  #outcomes: readonly Outcome[];
  #swap: readonly SwapCounts[];
  #breakdowns: readonly Breakdown[];

  /** Begins with what the file has, if that was measured under the same conditions; of a tree with changes, nobody knows that. */
  constructor(file: string, conditions: Conditions) {
    const before = resultsIn(file);
    const same = isDeepStrictEqual(before?.conditions, conditions) && !conditions.dmfd.includes('-dirty');
    this.#file = file;
    this.#conditions = conditions;
    this.#outcomes = same ? (before?.outcomes ?? []) : [];
    this.#swap = same ? (before?.swap ?? []) : [];
    this.#breakdowns = same ? (before?.breakdowns ?? []) : [];
  }

  get results(): Results {
    return {
      conditions: this.#conditions,
      outcomes: this.#outcomes,
      swap: this.#swap,
      breakdowns: this.#breakdowns,
    };
  }

  has(what: Compared): boolean {
    return this.#outcomes.some((known) => isSame(known, what));
  }

  /** Instead of what an earlier run had of it. */
  add(outcome: Outcome): void {
    this.#outcomes = [...this.#outcomes.filter((known) => !isSame(known, outcome)), outcome];
    this.#write();
  }

  addSwap(swap: readonly SwapCounts[]): void {
    this.#swap = swap;
    this.#write();
  }

  hasBreakdown(of: string): boolean {
    return this.#breakdowns.some((known) => known.of === of);
  }

  addBreakdown(breakdown: Breakdown): void {
    this.#breakdowns = [...this.#breakdowns.filter(({ of }) => of !== breakdown.of), breakdown];
    this.#write();
  }

  #write(): void {
    mkdirSync(dirname(this.#file), { recursive: true });
    writeFileSync(this.#file, jsonOf(this.results));
  }
}

type Compared = Pick<Outcome, 'name' | 'against'>;

function isSame(one: Compared, other: Compared): boolean {
  return one.name === other.name && one.against === other.against;
}

export function jsonOf(results: Results): string {
  return `${JSON.stringify(results, null, 2)}\n`;
}

function resultsIn(file: string): Results | undefined {
  if (!existsSync(file)) return undefined;
  // One that was killed while it wrote leaves half of it.
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
