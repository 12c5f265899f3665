import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { usageError } from '../errors.js';
import { complain } from './complain.js';
import { addCreate } from './create.js';
import { addLs } from './ls.js';
import { say, write } from './output.js';
import { addProbe } from './probe.js';
import { addReap } from './reap.js';
import { splitArguments } from './split.js';

/** Runs the command line; the process ends with what comes back, if the command did not end it before. */
export async function main(argv: readonly string[]): Promise<void> {
  const { own, commandLength } = splitArguments(argv);
  try {
    await program(commandLength).parseAsync(own, { from: 'user' });
  } catch (error) {
    process.exit(error instanceof CommanderError ? endOfParsing(error, argv) : complain(error));
  }
}

function program(commandLength: number | undefined): Command {
  const command = new Command('dmfd')
    .description('Device-mapper devices that live exactly as long as a file descriptor.')
    .version(version(), '-V, --version')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => write(1, text),
      // Said by endOfParsing(), in dmfd's own form.
      writeErr: () => undefined,
    });
  addCreate(command, commandLength);
  addProbe(command);
  addLs(command);
  addReap(command);
  return command;
}

/** Help and version are a success; everything else is a usage error. */
function endOfParsing(error: CommanderError, argv: readonly string[]): number {
  if (error.exitCode === 0) return 0;
  if (error.code === 'commander.help') {
    say('dmfd: no subcommand was given\n  hint: dmfd create … -- COMMAND; "dmfd --help" lists them all');
    return 125;
  }
  const misplaced = error.code === 'commander.excessArguments' && !argv.includes('--');
  const hint = misplaced
    ? 'put the command after --: dmfd create … -- COMMAND'
    : `"dmfd ${argv[0] === 'create' ? 'create ' : ''}--help" shows what there is`;
  return complain(usageError(error.message.replace(/^error: /, ''), hint));
}

function version(): string {
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version;
}
