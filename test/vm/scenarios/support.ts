import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isSwept, runsEverything, testsAll } from '../default-set.js';
import { cacheDirectory } from '../harness/cache.js';
import { vmFile } from '../harness/checkout.js';
import { bootedVm } from '../harness/index.js';

/** The guest of this run. */
export const vm = await bootedVm();

/** Has a script know the functions of leftovers.sh: `gone` waits, and prints what is left then. */
export const GONE = `
. ${vmFile('scenarios/leftovers.sh')}`;

/** What is there of mapped devices, loop devices and private nodes now. */
export async function standing(): Promise<string> {
  return (await vm.sh(`${GONE}\nleftovers`)).stdout.trim();
}

/** What is left of mapped devices, loop devices and private nodes after at most 2 seconds. */
async function leftovers(): Promise<string> {
  const { stdout } = await vm.sh(`${GONE}\ngone`);
  return stdout.trim();
}

export async function expectNothingLeft(): Promise<void> {
  expect(await leftovers()).toBe('');
}

/** Runs a shell script in the guest, which has to succeed; returns its standard output. */
export async function sh(script: string, timeoutMs = 300_000): Promise<string> {
  const { code, signal, stdout, stderr } = await vm.sh(script, { timeoutMs });
  if (code === 0) return stdout;
  throw new Error(`${script}\nended with ${code ?? signal}\nstdout: ${stdout}\nstderr: ${stderr}`);
}

/**
 * Shell: runs a script in a mount namespace whose /dev has no node of device-mapper's and none of loop devices: each is opened
 * through a private one.
 */
export const inBareDev = (script: string): string => `mkdir -p /tmp/bare
unshare -m sh <<'END'
mount -t tmpfs none /tmp/bare; cp -a /dev/null /dev/kmsg /tmp/bare; mount --bind /tmp/bare /dev
${script}
END`;

/** A sparse file of so many MiB in the guest. */
export async function image(name: string, mebibytes = 64): Promise<string> {
  const path = `/tmp/${name}`;
  await sh(`rm -f '${path}'; truncate -s ${mebibytes}M '${path}'`);
  return path;
}

/** `make test-all`, on the kernel that has all of it. */
export const everything = runsEverything(vm.kernel.name);
/** The same of the SIGKILL sweep of the main job, on several kernels. */
export const swept = isSwept(vm.kernel.name);

/** A test that `make test` leaves to `make test-all`: it takes long, or others prove nearly as much. */
export function thorough(name: string, run: () => Promise<void>, timeoutMs?: number): void {
  if (everything) test(name, run, timeoutMs);
}

/**
 * Of rows that prove the same on different input, `make test` takes every so-manyth one; and `make test-all` twice as many on the
 * kernels where it does not take all.
 */
export function sampleOf<Row>(rows: readonly Row[], step: number): readonly Row[] {
  if (everything) return rows;
  const every = testsAll ? Math.ceil(step / 2) : step;
  return rows.filter((_, index) => index % every === 0);
}

/** Of a scenario that several kernels have, `make test` runs all of it on this one, and on the others a sample. */
export const whole = everything || vm.kernel.name === 'debian-6.12';

/** What some of the tested kernels do not have yet, and since which release it is there. */
const SINCE = {
  /** Disk sequence numbers. */
  diskseq: [5, 15],
  /** In /proc/PID/fdinfo. */
  'the inode of a descriptor': [5, 14],
  /** In devtmpfs. */
  'when a node was made': [5, 18],
  /** A signal that dumps core ends the process that gets it, and not all that share its memory. */
  'dumping one process alone': [5, 16],
  'direct I/O on tmpfs': [6, 6],
  /** memfd_secret(2), without a parameter of the kernel. */
  'secret memory': [6, 5],
} as const;

/** Whether the guest's kernel is new enough to have it. */
export function kernelKnows(what: keyof typeof SINCE): boolean {
  const [major = 0, minor = 0] = vm.kernel.release.split('.').map(Number);
  const [sinceMajor, sinceMinor] = SINCE[what];
  return major > sinceMajor || (major === sinceMajor && minor >= sinceMinor);
}

/** Whether the guest's kernel was configured with it. */
export function kernelHas(option: string): boolean {
  const config = readFileSync(join(cacheDirectory('kernels'), vm.kernel.name, 'config'), 'utf8');
  return new RegExp(`^CONFIG_${option}=[ym]$`, 'm').test(config);
}

/** Shell: prints a device's disk sequence number as the kernel tells it, and 0, as dmfd does, where it has none. */
export function diskseqIn(directoryInSys: string): string {
  return `{ cat ${directoryInSys}/diskseq 2>/dev/null || echo 0; }`;
}

/** The mode that `create` has on this kernel. */
export const expectedMode = vm.kernel.name.startsWith('dmfd-') ? 'atomic' : 'fallback';
