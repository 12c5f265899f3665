import type { Command as CommandLine } from 'commander';
import { describeCommand } from './description.js';

interface Options {
  readonly unordered?: boolean;
  readonly quiet?: boolean;
}

/** Adds `batch` to the command line. */
export function addBatch(program: CommandLine): void {
  describeCommand(
    program.command('batch'),
    'make many devices in one process: a request in JSON on each line in, an answer on each line out',
    ['dmfd batch requests', 'dmfd batch - <requests >answers'],
  )
    .usage('FILE | - [options]')
    .argument('<FILE>', 'the requests, as the library has them; - for standard input')
    .option('--unordered', 'go on while a line waits for its key or for udev, and answer it when it is done')
    .option('-q, --quiet', 'do not show on a terminal how far it has come')
    .action(async (file: string, { unordered = false, quiet = false }: Options) => {
      // With what only this command needs: threads, for lines that wait.
      const { batch } = await import('../batch/main.js');
      process.exitCode = await batch(file, { unordered, quiet });
    });
}
