import type { Command as CommandLine } from 'commander';
import { describeCommand } from './description.js';
import { parseSeconds } from './option-values.js';

const DIRECTORY = '/run/dmfd';

interface Options {
  readonly directory: string;
  readonly idle?: number;
}

/** Adds `serve` to the command line. */
export function addServe(program: CommandLine): void {
  const what = 'make devices for other programs, which ask for them at a socket (Varlink)';
  describeCommand(program.command('serve'), what, [
    'dmfd serve',
    'varlinkctl introspect /run/dmfd/dmfd.sock io.dmfd',
  ])
    .option('--directory <DIR>', 'make the sockets there', DIRECTORY)
    .option('--idle <SECONDS>', 'end after so many seconds without a connection', parseSeconds('--idle'))
    .action(async ({ directory, idle }: Options) => {
      // It needs most of dmfd, which no other command has to load.
      const { serve } = await import('../serve/main.js');
      process.exitCode = await serve({ directory, idle });
    });
}
