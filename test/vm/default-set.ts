import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkout, vmFile } from './harness/checkout.js';

/** Those that people run, but for 5.10, which is left to `make test-all`. */
const STOCK = ['debian-6.1', 'debian-6.12', 'debian-latest'];

/**
 * `make test` has to be done in minutes, and every scenario on every kernel takes far longer: here stand the
 * scenarios whose subject does not depend on the kernel, or on one thing about it, with the kernels that are enough for
 * them; of each, `sampleOf`, `thorough` and `whole` in scenarios/support.ts say what is left out. The main job, and what a SIGKILL
 * leaves, is tested on all.
 */
const ENOUGH: Readonly<Record<string, readonly string[]>> = {
  batch: ['debian-latest'],
  ci: ['debian-6.12'],
  concurrency: ['debian-6.12'],
  counts: ['debian-6.12'],
  forms: ['dmfd-6.1'],
  'hand-off': ['debian-6.1'],
  hold: ['debian-6.12'],
  holders: ['debian-6.1'],
  identity: ['dmfd-6.1'],
  integrity: ['debian-6.12'],
  'job-control': ['debian-6.12'],
  key: ['debian-6.12'],
  layers: ['dmfd-6.1'],
  library: ['debian-6.1'],
  loop: STOCK,
  ls: ['debian-6.12'],
  'mapper-link': ['dmfd-6.1'],
  package: ['debian-latest'],
  presets: ['debian-6.1'],
  probe: ['debian-latest'],
  'read-back': ['debian-6.12'],
  recipes: ['debian-6.1'],
  sanitizers: ['dmfd-6.1'],
  resize: ['debian-6.1'],
  rm: ['debian-6.12'],
  'send-fd': ['debian-latest'],
  serve: ['debian-latest'],
  'swap-refused': ['debian-6.12'],
  'swap-sigkill': ['dmfd-6.1'],
  'swap-udev': ['debian-latest'],
  swap: STOCK,
  transparent: ['dmfd-6.1'],
  udev: ['debian-latest'],
  warm: ['debian-latest'],
  'wrong-input': ['debian-6.1'],
  'xen-hotplug': ['debian-latest'],
};

/** `make test-all`. */
export const testsAll = process.env.DMFD_TEST_ALL === '1';

/**
 * In `make test-all`, this one has all of each scenario; on the others, it runs the files that `make test` would, or fewer, and the
 * same of each but for larger samples: all of it on all of them would take four hours.
 */
const WHOLE = 'debian-6.12';
/** Together, they have the whole of the SIGKILL sweep of the main job: see points.ts. */
const SWEPT = ['debian-5.10', WHOLE, 'dmfd-6.1'];
/** What must lose no data, and take none for its own, is tested on the oldest and on the newest, too. */
const ENDS = ['debian-5.10', 'debian-latest'];
const SAFETY = ['identity', 'key', 'probe', 'rm', 'swap-refused', 'swap-sigkill'];
/** What takes long, and says the same on every kernel: beside the whole, which takes long, too. */
const LEISURELY = 'debian-latest';
/** `make soak`, on the kernels that it names. */
const soaks = process.env.DMFD_SOAK !== undefined;
const LEISURE = [
  'soak',
  'nodes',
  'write-mounted',
  ...['recipes', 'wrong-input', 'presets', 'layers', 'resize', 'loop'].map((file) => `warm/${file}`),
];
/** What takes long, too, and is all the same to the kernel: the whole of it is enough. */
const WHOLE_ONLY = ['batch', 'xen-hotplug'];
/** The same, and `make test` has a part of each of the two that it is made of. */
const LEFT_TO_WHOLE = ['warm/transparent'];
/** What is all the same to the kernel, too, and of which `make test` has a part on that one: there, test-all leaves it out. */
const LEFT_TO_OTHERS: Readonly<Record<string, readonly string[]>> = {
  // 5.10 has the same part.
  'debian-6.1': ['hand-off', 'holders', 'library', 'presets', 'recipes', 'resize', 'wrong-input'],
  'debian-latest': ['package', 'send-fd', 'serve', 'warm'],
};

/** The file of a scenario, from the checkout's root. @throws Error for one that is not there any more */
function scenario(name: string): string {
  return existing(`test/vm/scenarios/${name}.test.ts`);
}

/** A path, from the checkout's root, that a list of tests has by hand. @throws Error for one that is not there any more */
export function existing(path: string): string {
  if (!existsSync(join(checkout, path)))
    throw new Error(`a list of tests names ${path}, and it is not there`);
  return path;
}

const leftOut = [...WHOLE_ONLY, ...LEFT_TO_WHOLE, ...Object.values(LEFT_TO_OTHERS).flat()];
for (const name of [...Object.keys(ENOUGH), ...SAFETY, ...LEISURE, ...leftOut]) scenario(name);
// The kernel that has all of each scenario does not have these.
for (const name of LEISURE)
  if (/\b(thorough|everything)\b/.test(readFileSync(join(checkout, scenario(name)), 'utf8')))
    throw new Error(`${name} has tests that run nowhere`);
// What is not named runs on every kernel, which would be too much of what has run without the service.
for (const file of readdirSync(vmFile('scenarios/warm'))) {
  const name = `warm/${file.replace(/\.test\.ts$/, '')}`;
  const named = [...Object.keys(ENOUGH), ...LEISURE, ...LEFT_TO_WHOLE];
  if (file.endsWith('.test.ts') && !named.includes(name))
    throw new Error(`default-set.ts does not say where ${name} runs`);
}

/** Whether all of each scenario is tested on this kernel. */
export function runsEverything(kernel: string): boolean {
  return testsAll && kernel === WHOLE;
}

/** Whether the SIGKILL sweep of the main job is made here. */
export function isSwept(kernel: string): boolean {
  return testsAll && SWEPT.includes(kernel);
}

/** The scenario files that are not for `kernel`. */
export function excluded(kernel: string, tested: readonly string[]): string[] {
  return [
    ...(soaks || (testsAll && kernel === LEISURELY) ? [] : LEISURE),
    ...(testsAll && kernel !== WHOLE ? WHOLE_ONLY : []),
    ...(testsAll ? (LEFT_TO_OTHERS[kernel] ?? []) : []),
    ...(runsEverything(kernel) ? [] : LEFT_TO_WHOLE),
    ...(runsEverything(kernel) ? [] : leftToOthers(kernel, testsAll ? undefined : tested)),
  ].map(scenario);
}

/** The oldest kernel, which `make test` does not have, is tested as this one is. */
const AS: Readonly<Record<string, string>> = { 'debian-5.10': 'debian-6.1' };

/** The scenario files that `kernel` may leave to others of the kernels that are tested, which may be all. */
function leftToOthers(kernel: string, tested?: readonly string[]): string[] {
  const own = testsAll && ENDS.includes(kernel) ? SAFETY : [];
  return Object.entries(ENOUGH)
    .filter(
      ([file, kernels]) =>
        !own.includes(file) &&
        !kernels.includes(AS[kernel] ?? kernel) &&
        kernels.some((name) => tested?.includes(name) ?? true),
    )
    .map(([file]) => file);
}
