import { isUtf8 } from 'node:buffer';
import { CommanderError } from 'commander';
import { show, toBuffer } from '../handoff/bytes.js';
import { callerArguments } from '../handoff/caller.js';
import { printError } from './print-error.js';
import { isCommand, parseWords } from './program.js';
import { noteCommandLength, splitArguments } from './split-arguments.js';
import { usageError } from './usage-error.js';

/** Does what a command line says; the status is process.exitCode. @throws DmfdError, and CommanderError for what it cannot mean */
export async function runWords(argv: readonly string[]): Promise<void> {
  const { own, commandLength } = splitArguments(argv);
  checkEncoding(own.length, argv.length);
  checkCommandUse(own, commandLength);
  noteCommandLength(commandLength);
  await parseWords(own);
}

/** Says what {@link runWords} has thrown; returns the exit status. */
export function tellFailure(error: unknown, argv: readonly string[]): number {
  return error instanceof CommanderError ? endOfParsing(error, argv) : printError(error);
}

/** Help and version are a success; everything else is a usage error. */
function endOfParsing(error: CommanderError, argv: readonly string[]): number {
  if (error.exitCode === 0) return 0;
  if (error.code === 'commander.help') {
    return printError(
      usageError('no subcommand was given', 'dmfd create … -- COMMAND; "dmfd --help" lists them all'),
    );
  }
  const misplaced =
    error.code === 'commander.excessArguments' && argv[0] === 'create' && !argv.includes('--');
  const hint = misplaced
    ? 'put the command after --: dmfd create … -- COMMAND'
    : `"dmfd ${isCommand(argv[0]) ? `${argv[0]} ` : ''}--help" shows what there is`;
  return printError(usageError(error.message.replace(/^error: /, ''), hint));
}

/** Node replaces bytes that are not UTF-8, so that dmfd would name another device or file than its user did. */
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
