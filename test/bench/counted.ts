/** What is measured in a guest whose clock counts instructions. */
import { join } from 'node:path';
import { program } from '../programs.js';
import { checkout } from '../vm/harness/checkout.js';
import type { Steps } from './breakdown.js';
import { type BenchGuest, CREATE, CREATE_OVER_FILE, SERVED_FILE, type Words } from './guest.js';
import type { Measure } from './measure.js';

const ZERO = '0 8 zero';
const NO_WAIT = '--noudevsync';
const DMSETUP_ALONE = byDmsetup('--table', ZERO);
const BARE = program('bare');
const SHIM_ALONE = program('shim-alone');
const LIBRARY = join(checkout, 'test/bench/programs/library.mjs');
const STEPS = join(checkout, 'test/bench/programs/steps.cjs');
const INDEX = join(checkout, 'dist/module/index.js');

/** What a script has to do for a device that ends with its holder. */
function byDmsetup(...table: string[]): Words {
  return [
    ...['dmsetup', 'create', NO_WAIT, 'bench', ...table, ';'],
    ...['open', '/dev/mapper/bench', ';'],
    ...['dmsetup', 'remove', '--deferred', NO_WAIT, 'bench'],
  ];
}

const THOUSAND = 1000;
const LINES = 10_000;
const CROWD = 5000;
const PROBES = 100;

const DMSETUP = 'dmsetup create, open, dmsetup remove --deferred';
const FREE_LOOP = '/dev/loop7';

/** Those that need nothing but a guest. */
export async function countedMeasures(guest: BenchGuest): Promise<Measure[]> {
  const requests = await guest.file('requests', `{"table":"${ZERO}"}\n`.repeat(THOUSAND));
  const many = await guest.file('many-requests', `{"table":"${ZERO}"}\n`.repeat(LINES));
  const { bare, shimAlone, library } = perDevice(guest);
  const once = () => guest.time(DMSETUP_ALONE);
  return [
    {
      name: 'one device, cold',
      against: '`node -e 0` + the bare ioctls in C',
      unit: 'instructions',
      ours: () => guest.time(['dmfd', ...CREATE]),
      theirs: () => guest.time(['node', '-e', '0', ';', BARE, '1', 'true']),
      bound: 1.1,
    },
    createMeasure(guest, 'cold'),
    await swapMeasure(guest, 'cold'),
    {
      name: 'library, `createDeviceSync`, per device, 1,000',
      against: 'the bare ioctls in C',
      unit: 'instructions',
      ours: library('sync'),
      theirs: bare,
      bound: 1.25,
    },
    {
      name: 'library, `createDevice`, per device, 1,000',
      against: 'the bare ioctls in C',
      unit: 'instructions',
      ours: library('threads'),
      theirs: bare,
    },
    {
      name: 'the shim alone, called from C, per device, 1,000',
      against: 'the bare ioctls in C',
      unit: 'instructions',
      ours: shimAlone,
      theirs: bare,
    },
    {
      name: '`dmfd batch`, per device, 1,000',
      against: DMSETUP,
      unit: 'instructions',
      ours: async () => (await guest.time(['dmfd', 'batch', '-'], requests)) / THOUSAND,
      theirs: once,
    },
    {
      name: '`dmfd batch`, per device, 10,000',
      against: DMSETUP,
      unit: 'instructions',
      ours: async () => (await guest.time(['dmfd', 'batch', '-'], many)) / LINES,
      theirs: once,
      bound: 0.2,
      rounds: 1,
    },
    {
      name: 'the bare ioctls in C, per device, 1,000',
      against: DMSETUP,
      unit: 'instructions',
      ours: bare,
      theirs: once,
    },
    await tableMeasure(guest, 'cold'),
    {
      name: 'resident memory while waiting',
      against: 'bare `node -e`',
      unit: 'bytes',
      ours: () => memoryOf(guest, ['dmfd', 'create', '--table', ZERO, '--', 'sleep', 'infinity'], 'libdmfd'),
      theirs: () => memoryOf(guest, ['node', '-e', 'setInterval(() => undefined, 2 ** 30)']),
      bound: 0.05,
    },
  ];
}

/** What those are made of that take longer than was asked for. */
export async function countedSteps(guest: BenchGuest): Promise<Steps[]> {
  const { bare, shimAlone, library } = perDevice(guest);
  const one = await guest.file('one-line', `${ZERO}\n`);
  const table = await guest.file('table', tableOf(LINES));
  const time = (what: string, ...words: string[]) => ({ what, take: () => guest.time(words) });
  const node = time('Node: `node -e 0`', 'node', '-e', '0');
  const step = (what: string, ...words: string[]) => time(what, 'node', STEPS, checkout, ...words);
  return [
    {
      of: 'one device, cold',
      steps: [
        node,
        step('the code of the command, read and compiled with what V8 has kept', 'compile'),
        step('ffi-rs and the shim', 'load'),
        time('what the code does, the device, and the start of the command', 'dmfd', ...CREATE),
      ],
    },
    {
      of: 'a table of 10,000 lines, by the library',
      steps: [
        node,
        step('the library, and a plan of one line', 'plan', one),
        step('a plan of all lines', 'plan', table),
        step('the request to the kernel, and the device', 'create', table),
      ],
    },
    {
      of: 'library, per device',
      steps: [
        { what: 'the bare ioctls in C', take: bare },
        { what: 'what proves and protects: the shim, called from C', take: shimAlone },
        { what: 'JavaScript: `createDeviceSync`', take: library('sync') },
        { what: 'a thread: `createDevice`', take: library('threads') },
      ],
    },
  ];
}

/** What each of a thousand devices takes. */
function perDevice(guest: BenchGuest): {
  bare: () => Promise<number>;
  shimAlone: () => Promise<number>;
  library: (how: 'sync' | 'threads') => () => Promise<number>;
} {
  const count = String(THOUSAND);
  const each = (words: Words) => async () => (await guest.printed(words)) / THOUSAND;
  return {
    bare: each([BARE, count]),
    shimAlone: each([SHIM_ALONE, count]),
    library: (how) => each(['node', LIBRARY, INDEX, how, count]),
  };
}

/** While the service runs. */
export async function warmMeasures(guest: BenchGuest): Promise<Measure[]> {
  return [
    { ...createMeasure(guest, 'warm'), bound: 1 },
    {
      name: 'one device over a file, warm',
      against: `losetup, ${DMSETUP}, losetup -d`,
      unit: 'instructions',
      ours: () => guest.time(['dmfd', ...CREATE_OVER_FILE]),
      theirs: () =>
        guest.time([
          ...['losetup', FREE_LOOP, SERVED_FILE, ';'],
          ...byDmsetup('--table', `0 2048 linear ${FREE_LOOP} 0`),
          ...[';', 'losetup', '-d', FREE_LOOP],
        ]),
      bound: 0.7,
    },
    { ...(await swapMeasure(guest, 'warm')), bound: 0.7 },
    await tableMeasure(guest, 'warm'),
  ];
}

/** While the service and udevd run. */
export function udevMeasure(guest: BenchGuest): Measure {
  return {
    ...createMeasure(guest, 'warm'),
    name: 'one device, warm, beside udevd',
    against: `${DMSETUP}, which wait for udevd`,
    theirs: () => guest.time(DMSETUP_ALONE.filter((word) => word !== NO_WAIT)),
    bound: 0.5,
  };
}

export const CROWDED = { name: 'creation with 5,000 devices there already', against: 'with none' };

/** The second half of what it compares needs five thousand devices: this measures both halves before it returns. */
export async function crowdedMeasure(guest: BenchGuest, rounds: number): Promise<Measure> {
  const create = async () => (await guest.printed(['node', LIBRARY, INDEX, 'sync', String(PROBES)])) / PROBES;
  const repeat = async () => {
    const times: number[] = [];
    for (let round = 0; round <= rounds; round++) times.push(await create());
    return times;
  };
  const crowd = await guest.file('crowd', `{"table":"${ZERO}"}\n`.repeat(CROWD));
  const alone = await repeat();
  const last = new RegExp(`"line":${CROWD},`);
  const crowded = await guest.during(['dmfd', 'batch', crowd], last, repeat);
  return {
    ...CROWDED,
    unit: 'instructions',
    ours: async () => crowded.shift() ?? Number.NaN,
    theirs: async () => alone.shift() ?? Number.NaN,
    bound: 1.1,
  };
}

function createMeasure(guest: BenchGuest, how: 'cold' | 'warm'): Measure {
  return {
    name: `one device, ${how}`,
    against: DMSETUP,
    unit: 'instructions',
    ours: () => guest.time(['dmfd', ...CREATE]),
    theirs: () => guest.time(DMSETUP_ALONE),
  };
}

async function tableMeasure(guest: BenchGuest, how: 'cold' | 'warm'): Promise<Measure> {
  const table = await guest.file('table', tableOf(LINES));
  return {
    name: `a table of 10,000 lines, ${how}`,
    against: `${DMSETUP}, with the same`,
    unit: 'instructions',
    ours: () => guest.time(['dmfd', 'create', '--table-file', table, '--exec', '--', 'true']),
    theirs: () => guest.time(byDmsetup(table)),
    bound: 1.5,
  };
}

async function swapMeasure(guest: BenchGuest, how: 'cold' | 'warm'): Promise<Measure> {
  const loop = await loopDevice(guest);
  return {
    name: `\`dmfd swap\`, \`swapoff\`, ${how}`,
    against: 'cryptsetup, mkswap, swapon, swapoff, cryptsetup',
    unit: 'instructions',
    ours: () => guest.time(['dmfd', 'swap', loop, ';', 'swapoff', '/dev/dm-0']),
    theirs: () => guest.time(byCryptsetup(loop)),
  };
}

/** Over a file that all measures of swap share. */
async function loopDevice(guest: BenchGuest): Promise<string> {
  const image = '/bench/tmp/swap.img';
  const found = await guest.sh(
    `truncate -s 64M ${image}; losetup -nO NAME -j ${image} | grep . || losetup -f --show ${image}`,
  );
  return found.trim();
}

function tableOf(lines: number): string {
  return Array.from(
    { length: lines },
    (_, line) => `${8 * line} 8 ${line % 2 === 0 ? 'zero' : 'error'}\n`,
  ).join('');
}

function byCryptsetup(backing: string): Words {
  const cipher = ['--cipher', 'aes-xts-plain64', '--key-size', '512', '--key-file', '/dev/urandom'];
  return [
    ...['cryptsetup', 'open', '--type', 'plain', ...cipher, backing, 'bench', ';'],
    ...['mkswap', '/dev/mapper/bench', ';', 'swapon', '/dev/mapper/bench', ';'],
    ...['swapoff', '/dev/mapper/bench', ';', 'cryptsetup', 'close', 'bench'],
  ];
}

/**
 * Bytes of memory that a process has resident when it has nothing to do any more.
 *
 * @param without what it no longer has mapped then
 */
async function memoryOf(guest: BenchGuest, words: Words, without = 'nothing at all'): Promise<number> {
  return await guest.during(words, undefined, async (pid) => {
    const kibibytes = await guest.sh(`sleep 5
      while maps=$(cat /proc/${pid}/maps) && echo "$maps" | grep -q '${without}'; do sleep 1; done
      sed -n 's/^VmRSS:[^0-9]*\\([0-9]*\\).*/\\1/p' /proc/${pid}/status`);
    return Number(kibibytes) * 1024;
  });
}
