import type { Command as CommandLine } from 'commander';
import { reapDevices } from '../device/reap.js';
import { write } from './output.js';

/** Adds `reap` to the command line. */
export function addReap(program: CommandLine): void {
  program
    .command('reap')
    .description('remove devices that a kill of dmfd and its shield at once left behind')
    .action(async () => {
      for (const { name, openCount } of await reapDevices()) {
        const when = openCount > 0 ? `goes when its last holder does (open ${openCount})` : 'removed';
        write(1, `${name}: ${when}\n`);
      }
    });
}
