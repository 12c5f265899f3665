import { type Counts, counter } from './count-events.js';
import type { BenchGuest } from './guest.js';

interface Way {
  readonly label: string;
  /** What a person, or a unit, has to do, one after the other. */
  readonly steps: readonly string[];
  readonly undo: readonly string[];
}

/** What one way of setting up swap consists of. */
export interface SwapCounts extends Pick<Counts, 'programs' | 'tasks' | 'systemCalls'> {
  readonly way: string;
  readonly steps: number;
  readonly undo: number;
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

/** Counts what sets up encrypted swap, without what the shell does that runs it. */
export async function countSwap(guest: BenchGuest): Promise<SwapCounts[]> {
  const image = '/tmp/bench-swap.img';
  const loop = await guest.sh(`truncate -s 64M ${image}; losetup -f --show ${image}`);
  const count = await counter((script) => guest.sh(`export loop=${loop.trim()}; ${script}`));
  const counts: SwapCounts[] = [];
  for (const { label, steps, undo } of WAYS) {
    const once = () => count(steps.join(' && '), undo.join('; '));
    // The first time loads modules.
    await once();
    const { programs, tasks, systemCalls } = await once();
    counts.push({ way: label, steps: steps.length, undo: undo.length, programs, tasks, systemCalls });
  }
  return counts;
}
