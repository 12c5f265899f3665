import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { usageError } from '../errors.js';
import { show, toBuffer } from '../handoff/bytes.js';
import { callerArguments } from '../handoff/caller.js';
import { adoptCaller, callerState } from '../handoff/caller-state.js';
import { complain } from './complain.js';
import { addCreate } from './create.js';
import { addLs } from './ls.js';
import { say, write } from './output.js';
import { addProbe } from './probe.js';
import { addReap } from './reap.js';
import { splitArguments } from './split.js';
import { addSwap } from './swap.js';

/** Runs the command line; the process ends with what comes back, if the command did not end it before. */
export async function main(argv: readonly string[]): Promise<void> {
  const { own, commandLength } = splitArguments(argv);
  try {
    checkEncoding(own.length, argv.length);
    checkCommandUse(own, commandLength);
    adoptCaller(callerState());
    await program(commandLength).parseAsync(own.map(withDefaultValue), { from: 'user' });
  } catch (error) {
    process.exit(error instanceof CommanderError ? endOfParsing(error, argv) : complain(error));
  }
}

function program(commandLength: number | undefined): Command {
  const command = new Command('dmfd')
    .description('Device-mapper devices that live exactly as long as a file descriptor.')
    .version(version(), '-V, --version')
    .exitOverride()
    .showSuggestionAfterError(false)
    .configureOutput({
      writeOut: (text) => write(1, text),
      // Said by endOfParsing(), in dmfd's own form.
      writeErr: () => undefined,
    });
  addCreate(command, commandLength);
  addSwap(command);
  addProbe(command);
  addLs(command);
  addReap(command);
  return command;
}

const DEFAULT_WAIT_SECONDS = 10;

/** The word after these is not their value, which only `--wait-gone=SECONDS` and `--discard=WHEN` give. */
const DEFAULT_VALUES: Readonly<Record<string, string | number>> = {
  '--wait-gone': DEFAULT_WAIT_SECONDS,
  '--discard': 'both',
};

function withDefaultValue(word: string): string {
  const value = DEFAULT_VALUES[word];
  return value === undefined ? word : `${word}=${value}`;
}

/** Help and version are a success; everything else is a usage error. */
function endOfParsing(error: CommanderError, argv: readonly string[]): number {
  if (error.exitCode === 0) return 0;
  if (error.code === 'commander.help') {
    say('dmfd: no subcommand was given\n  hint: dmfd create … -- COMMAND; "dmfd --help" lists them all');
    return 125;
  }
  const misplaced =
    error.code === 'commander.excessArguments' && argv[0] === 'create' && !argv.includes('--');
  const hint = misplaced
    ? 'put the command after --: dmfd create … -- COMMAND'
    : `"dmfd ${argv[0] === 'create' ? 'create ' : ''}--help" shows what there is`;
  return complain(usageError(error.message.replace(/^error: /, ''), hint));
}

/** Node replaces what is no UTF-8, so dmfd's own words would name another device or file than they say. */
function checkEncoding(ownLength: number, length: number): void {
  for (const [index, word] of callerArguments(length).slice(0, ownLength).entries()) {
    if (!isUtf8(toBuffer(word)))
      throw usageError(`argument ${index + 1}, ${show(word)}: it is not valid UTF-8`);
  }
}

function checkCommandUse(own: readonly string[], commandLength: number | undefined): void {
  const asksForHelp = own.includes('--help') || own.includes('-h');
  if (commandLength === undefined || own[0] === 'create' || own[0] === undefined || asksForHelp) return;
  throw usageError(`dmfd ${own[0]} takes no command after --`);
}

function version(): string {
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version;
}
