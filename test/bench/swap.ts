import { join } from 'node:path';
import { checkout } from '../vm/harness/checkout.js';
import type { OwnVm } from '../vm/harness/shared-vm.js';
import { median } from './median.js';

interface Way {
  readonly label: string;
  /** What a person, or a unit, has to do, one after the other. */
  readonly steps: readonly string[];
  readonly undo: readonly string[];
}

/** Over the same block device, with the same cipher and size of the key; last, what starting dmfd alone costs. */
const WAYS: readonly Way[] = [
  { label: 'dmfd swap', steps: ['dmfd swap $loop'], undo: ['swapoff /dev/dm-0'] },
  {
    label: 'cryptsetup, mkswap, swapon',
    steps: [
      'cryptsetup open --type plain --cipher aes-xts-plain64 --key-size 512 --key-file /dev/urandom $loop bench',
      'mkswap /dev/mapper/bench',
      'swapon /dev/mapper/bench',
    ],
    undo: ['swapoff /dev/mapper/bench', 'cryptsetup close bench'],
  },
  { label: 'dmfd --version', steps: ['dmfd --version'], undo: [] },
];

/** What the kernel itself counts, of all processes: no tracer follows the one of dmfd's that has the key. */
const EVENTS: readonly (readonly [label: string, event: string])[] = [
  ['programs', 'sched/sched_process_exec'],
  ['tasks', 'sched/sched_process_fork'],
  ['system calls', 'raw_syscalls/sys_enter'],
];

const SETUP = `modprobe loop; truncate -s 64M /tmp/bench-swap.img; losetup -f --show /tmp/bench-swap.img
  mountpoint -q /sys/kernel/tracing || mount -t tracefs none /sys/kernel/tracing`;

/**
 * Encrypted swap by dmfd and by the usual tools in turn: steps, programs executed, tasks (processes and threads) started,
 * system calls, all without those of the shell that runs them; and the time, as the median of the rounds.
 */
export async function compareSwap(vm: OwnVm, rounds: number): Promise<string> {
  const loop = (await output(vm, ['sh', '-c', SETUP])).trim();
  const environment = { loop, DM_DISABLE_UDEV: '1' };
  const times = new Map(WAYS.map((way): [Way, number[]] => [way, []]));
  // The first time loads modules.
  for (const way of WAYS) await once(vm, environment, way);
  for (let round = 0; round < rounds; round++) {
    for (const [way, found] of times) found.push(await once(vm, environment, way));
  }
  const nothing = await count(vm, environment, { label: '', steps: ['true'], undo: [] });
  const rows = [];
  for (const [way, found] of times) {
    const counts = await count(vm, environment, way);
    const own = counts.map((number, index) => number - (nothing[index] ?? 0));
    rows.push([way.label, way.steps.length, way.undo.length, ...own, median(found).toFixed(0)]);
  }
  const heads = ['', 'steps', 'to undo', ...EVENTS.map(([label]) => label), 'ms'];
  return [heads, ...rows]
    .map((row) =>
      row
        .map((cell, index) => String(cell)[index === 0 ? 'padEnd' : 'padStart'](index === 0 ? 28 : 13))
        .join(''),
    )
    .join('\n');
}

type Environment = Record<string, string>;

/** Milliseconds, read in the guest. */
async function once(vm: OwnVm, env: Environment, { steps, undo }: Way): Promise<number> {
  const script = `start=$(date +%s%N); { ${steps.join(' && ')}; } >/dev/null || exit 1
    end=$(date +%s%N); ${[...undo, 'sleep 0.3'].join('; ')}; echo $((end - start))`;
  return Number(await output(vm, ['sh', '-c', script], env)) / 1e6;
}

async function count(vm: OwnVm, env: Environment, { steps, undo }: Way): Promise<number[]> {
  const program = join(checkout, 'test/bench/count-events.sh');
  const events = EVENTS.map(([, event]) => event);
  const numbers = await output(vm, [program, steps.join(' && '), undo.join('; '), ...events], env);
  return numbers.trim().split('\n').map(Number);
}

async function output(vm: OwnVm, argv: readonly string[], env: Environment = {}): Promise<string> {
  const { code, stdout, stderr } = await vm.run(argv, { env });
  if (code !== 0) throw new Error(`${argv.join(' ')}: ${stderr}`);
  return stdout;
}
