import type { Command as CommandLine } from 'commander';
import { reapDevices } from '../device/reap.js';
import { operate } from '../kernel/kernel.js';
import { print } from './output.js';

/** Adds `reap` to the command line. */
export function addReap(program: CommandLine): void {
  program
    .command('reap')
    .description('remove devices leaked because dmfd and its helper process were killed at the same instant')
    .action(() => {
      for (const { name, openCount } of operate(undefined, undefined, reapDevices)) {
        const when = openCount > 0 ? `goes when its last holder does (open ${openCount})` : 'removed';
        print(`${name}: ${when}`);
      }
    });
}
