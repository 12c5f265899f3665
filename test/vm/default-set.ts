import { existsSync } from 'node:fs';
import { vmFile } from './harness/checkout.js';

/**
 * `make test` has to be done in minutes, and every scenario on every kernel takes a quarter of an hour: here stand the
 * scenarios whose subject does not depend on the kernel, or on one thing about it, with the kernels that are enough for
 * them. `make test-all` runs everything everywhere.
 */
const ENOUGH: Readonly<Record<string, readonly string[]>> = {
  concurrency: ['debian-6.12'],
  forms: ['dmfd-6.1'],
  'hand-off': ['debian-6.1'],
  hold: ['debian-6.12'],
  holders: ['debian-6.1'],
  identity: ['debian-6.12', 'dmfd-6.1'],
  'job-control': ['debian-6.12'],
  key: ['debian-6.12', 'dmfd-6.1'],
  library: ['debian-6.1'],
  loop: ['debian-6.12'],
  package: ['debian-6.12'],
  probe: ['debian-6.1', 'dmfd-6.1'],
  'read-back': ['debian-6.12'],
  recipes: ['debian-6.12'],
  sanitizers: ['debian-6.1'],
  'send-fd': ['debian-6.1'],
  sigkill: ['debian-6.1', 'dmfd-6.1'],
  'swap-refused': ['debian-6.12'],
  'swap-sigkill': ['debian-6.12'],
  'swap-udev': ['debian-6.12'],
  swap: ['debian-6.1', 'dmfd-6.1'],
  transparent: ['debian-6.1'],
  udev: ['debian-6.12'],
  'wrong-input': ['debian-6.1'],
};

for (const file of Object.keys(ENOUGH)) {
  if (!existsSync(vmFile(`scenarios/${file}.test.ts`))) throw new Error(`there is no scenario ${file}`);
}

/** The scenario files that `kernel` may leave to others of the kernels that are tested. */
export function leftToOthers(kernel: string, tested: readonly string[]): string[] {
  return Object.entries(ENOUGH)
    .filter(([, kernels]) => !kernels.includes(kernel) && kernels.some((name) => tested.includes(name)))
    .map(([file]) => `test/vm/scenarios/${file}.test.ts`);
}
