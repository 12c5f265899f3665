import { DmfdError, type ErrorCode, type ErrorKind } from '../errors.js';
import { hintFor } from './hints.js';
import { say } from './output.js';

/** As env(1), nice(1) and nohup(1) have it. */
const OWN_FAILURE = 125;

/** The exit status when dmfd itself fails; a command's own status passes through. */
const EXIT_CODES: Readonly<Record<ErrorKind, number>> = {
  usage: OWN_FAILURE,
  privilege: OWN_FAILURE,
  unsupported: OWN_FAILURE,
  taken: OWN_FAILURE,
  kernel: OWN_FAILURE,
  system: OWN_FAILURE,
  'command-not-executable': 126,
  'command-not-found': 127,
};

/**
 * Tells the user what went wrong; returns the exit code for it.
 *
 * @param hints where a command has its own, instead of those for options
 */
export function printError(error: unknown, hints: Partial<Record<ErrorCode, string>> = {}): number {
  if (error instanceof DmfdError) {
    say(error.message, ...explain(error, hints[error.code] ?? hintFor(error)));
    return EXIT_CODES[error.kind];
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const [first = '', ...trace] = text.split('\n');
  say(`this should not have happened: ${first}`, ...trace.map((line) => line.replace(/^ {2}/, '')));
  return OWN_FAILURE;
}

/** The kernel's own lines, and what to do. */
function explain(error: DmfdError, hint: string | undefined): string[] {
  return [
    ...error.kernelLog.map((line) => `kernel: ${line}`),
    ...(hint === undefined ? [] : [`hint: ${hint}`]),
  ];
}
