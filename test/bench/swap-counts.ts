import { join } from 'node:path';
import { checkout } from '../vm/harness/checkout.js';
import type { BenchGuest } from './guest.js';

interface Way {
  readonly label: string;
  /** What a person, or a unit, has to do, one after the other. */
  readonly steps: readonly string[];
  readonly undo: readonly string[];
}

/** What one way of setting up swap consists of. */
export interface SwapCounts {
  readonly way: string;
  readonly steps: number;
  readonly undo: number;
  readonly programs: number;
  /** Processes and threads. */
  readonly tasks: number;
  readonly systemCalls: number;
}

/** Over the same block device, with the same cipher and size of the key; last, what starting dmfd alone takes. */
const WAYS: readonly Way[] = [
  { label: '`dmfd swap`', steps: ['dmfd swap $loop'], undo: ['swapoff /dev/dm-0'] },
  {
    label: 'cryptsetup, mkswap, swapon',
    steps: [
      'cryptsetup open --type plain --cipher aes-xts-plain64 --key-size 512 --key-file /dev/urandom $loop bench',
      'mkswap /dev/mapper/bench',
      'swapon /dev/mapper/bench',
    ],
    undo: ['swapoff /dev/mapper/bench', 'cryptsetup close bench'],
  },
  { label: '`dmfd --version`', steps: ['dmfd --version'], undo: [] },
];

/** What the kernel itself counts, of all processes: no tracer follows the one of dmfd's that has the key. */
const EVENTS = ['sched/sched_process_exec', 'sched/sched_process_fork', 'raw_syscalls/sys_enter'];

/** Counts what sets up encrypted swap, without what the shell does that runs it. */
export async function countSwap(guest: BenchGuest): Promise<SwapCounts[]> {
  const loop = await guest.sh(`mountpoint -q /sys/kernel/tracing || mount -t tracefs none /sys/kernel/tracing
    truncate -s 64M /tmp/bench-swap.img; losetup -f --show /tmp/bench-swap.img`);
  const count = async ({ steps, undo }: Way): Promise<number[]> => {
    const words = [steps.join(' && '), undo.join('; '), ...EVENTS].map((word) => `'${word}'`).join(' ');
    const numbers = await guest.sh(
      `export loop=${loop.trim()}; ${join(checkout, 'test/bench/count-events.sh')} ${words}`,
    );
    return numbers.trim().split('\n').map(Number);
  };
  const shell = await count({ label: '', steps: ['true'], undo: [] });
  const counts: SwapCounts[] = [];
  for (const way of WAYS) {
    // The first time loads modules.
    await count(way);
    const [programs = 0, tasks = 0, systemCalls = 0] = (await count(way)).map(
      (number, index) => number - (shell[index] ?? 0),
    );
    const { label, steps, undo } = way;
    counts.push({ way: label, steps: steps.length, undo: undo.length, programs, tasks, systemCalls });
  }
  return counts;
}
