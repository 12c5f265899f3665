import { DmfdError } from '../errors.js';
import { EXIT_CODES } from './exit-codes.js';
import { say } from './output.js';

/** Tells the user what went wrong; returns the exit code for it. */
export function complain(error: unknown): number {
  if (error instanceof DmfdError) {
    say(formatError(error));
    return EXIT_CODES[error.kind];
  }
  say(
    `dmfd: this should not have happened: ${error instanceof Error ? (error.stack ?? error.message) : error}`,
  );
  return 125;
}

/** Message, the kernel's own lines, what to do. */
export function formatError(error: DmfdError): string {
  return [
    `dmfd: ${error.message}`,
    ...error.kernelLog.map((line) => `  kernel: ${line}`),
    ...(error.hint === undefined ? [] : [`  hint: ${error.hint}`]),
  ].join('\n');
}
