/** What is measured on the clock: in a guest with two processors, and on this machine itself where device-mapper is not needed. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { program } from '../programs.js';
import { checkout } from '../vm/harness/checkout.js';
import { type BenchGuest, CREATE } from './guest.js';
import type { Measure } from './measure.js';

const SECOND = 1e9;
const TOGETHER = 64;
const CALLS = 2000;

export const AT_ONCE = {
  cold: { name: '64 at once on 2 CPUs, cold: throughput', against: '64 in a row' },
  warm: { name: '64 at once on 2 CPUs, warm: throughput', against: '64 in a row' },
};

/**
 * On two processors.
 *
 * @param how `warm` while the service runs
 */
export function atOnceMeasure(guest: BenchGuest, how: 'cold' | 'warm'): Measure {
  // In emulation, the service takes longer to answer than a launcher waits on a real machine.
  const dmfd = how === 'warm' ? join(checkout, 'build/patient/dmfd') : 'dmfd';
  const many = (between: string) =>
    guest.time(Array.from({ length: TOGETHER }, () => [dmfd, ...CREATE, between]).flat());
  return {
    ...AT_ONCE[how],
    unit: 'seconds',
    ours: async () => (await many('&')) / SECOND,
    theirs: async () => (await many(';')) / SECOND,
    result: 'speedup',
    bound: 1.8,
  };
}

/** On this machine, whose kernel need not have device-mapper. */
export function nativeMeasures(): Measure[] {
  let shielded = 0;
  return [
    {
      name: 'start, native: `dmfd --version`',
      against: '`node -e 0`',
      unit: 'seconds',
      ours: () => timeOf(join(checkout, 'native-shims/build/dmfd'), '--version'),
      theirs: () => timeOf(process.execPath, '-e', '0'),
    },
    {
      name: 'the shield, native',
      against: 'the same ioctls called directly',
      unit: 'seconds',
      ours: async () => {
        const [direct = '', inShield = ''] = (await output(program('in-shield'), String(CALLS))).split(' ');
        shielded = Number(direct) / SECOND;
        return Number(inShield) / SECOND;
      },
      theirs: async () => shielded,
      result: 'difference',
      bound: 150e-6,
    },
  ];
}

async function timeOf(...words: string[]): Promise<number> {
  return Number(await output(program('stopwatch'), ...words)) / SECOND;
}

/** Of this machine's own, NODE_* would count against Node: dmfd hides it. */
const ENVIRONMENT = { PATH: process.env.PATH };

async function output(file: string, ...words: string[]): Promise<string> {
  return (await promisify(execFile)(file, words, { encoding: 'utf8', env: ENVIRONMENT })).stdout;
}
