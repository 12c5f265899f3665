import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { builtPackage } from '../../packages/built-package.js';
import { program } from '../../programs.js';
import { scratchFolder } from '../../unit/support/scratch.js';
import { checkout, vmFile } from '../harness/checkout.js';
import { commandOutput } from '../harness/command-output.js';

const programs = join(checkout, 'build/test/arm64');

/** An emulated machine with an emulated Node, on a busy one. */
const PATIENCE_MS = 20 * 60_000;

/** The shield is missing: the emulator of processes cannot make one that shares memory. The machine below has it. */
test.each([
  'unit/dm/requests',
  'unit/dm/replies',
  'unit/native-shims/creation-requests',
  'unit/native-shims/live-table',
  'sockets',
])('built for arm64, %s prints what it prints here', async (name) => {
  // Where `sockets` makes its own; the others take no arguments.
  const emulated = await commandOutput('qemu-aarch64-static', join(programs, name), scratchFolder());
  expect(emulated).toBe(await commandOutput(program(name), scratchFolder()));
});

test(
  "the arm64 package's main job, on Debian's arm64 kernel",
  async () => {
    const packages = [builtPackage('_arm64.deb'), builtPackage('.tgz')];
    const output = await commandOutput(vmFile('arm64/run.sh'), ...packages, programs);
    const folder = scratchFolder();
    mkdirSync(join(folder, 'dist/command'), { recursive: true });
    writeFileSync(join(folder, 'dist/command/dmfd.cjs'), '');
    const here = async (name: string, ...words: string[]) =>
      (await commandOutput(program(name), ...words)).trim().split('\n');
    const asked = await here('ask', folder);
    const shim = [
      ...(await here('unit/native-shims/creation-requests')),
      ...(await here('unit/native-shims/shield')),
    ];
    const { version } = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8'));
    expect(output.trim().split('\n')).toEqual([
      'aarch64',
      version,
      'create would use         fallback',
      'written',
      'mkfs and mount: 0',
      'swap: /dev/dm-',
      'swapoff: 0',
      'killed: 137',
      'library: 1048576 fallback',
      'left: ',
      'descriptors left open: 0',
      ...shim,
      `npm: ${version} cat`,
      ...asked,
    ]);
  },
  PATIENCE_MS,
);
