import { join } from 'node:path';
import { checkout } from '../vm/harness/checkout.js';

/** What the kernel itself counts, of all processes: no tracer follows the one of dmfd's that has the key. */
const EVENTS = {
  programs: 'sched/sched_process_exec',
  /** Processes and threads. */
  tasks: 'sched/sched_process_fork',
  systemCalls: 'raw_syscalls/sys_enter',
  ioctls: 'syscalls/sys_enter_ioctl',
} as const;

/** How often each of these happens while a line of shell runs. */
export type Counts = Readonly<Record<keyof typeof EVENTS, number>>;

const NAMES = Object.keys(EVENTS) as (keyof typeof EVENTS)[];

/**
 * Counts while each line runs, without what the shell does that runs it.
 *
 * @param sh runs a script in a guest that has tracing, and returns what it prints
 */
export async function counter(
  sh: (script: string) => Promise<string>,
): Promise<(line: string, undo?: string) => Promise<Counts>> {
  await sh('mountpoint -q /sys/kernel/tracing || mount -t tracefs none /sys/kernel/tracing');
  const count = async (line: string, undo: string): Promise<Counts> => {
    const words = [line, undo, ...Object.values(EVENTS)].map((word) => `'${word}'`).join(' ');
    const numbers = (await sh(`${join(checkout, 'test/bench/count-events.sh')} ${words}`)).trim().split('\n');
    return countsBy((_, index) => Number(numbers[index]));
  };
  const shell = await count('true', '');
  return async (line, undo = '') => {
    const counts = await count(line, undo);
    return countsBy((name) => counts[name] - shell[name]);
  };
}

/** Of each kind, what `count` says; in the order of the kinds. */
export function countsBy(count: (name: keyof Counts, index: number) => number): Counts {
  return Object.fromEntries(NAMES.map((name, index) => [name, count(name, index)])) as Counts;
}
