import { expectOneThread } from '../kernel/shim.js';
import { runWords, tellFailure } from './run-words.js';

export { showInThread } from './progress-thread.js';

/** Runs the command line, and ends the process; it has ended as COMMAND did, or is COMMAND, where that was run. */
export async function main(argv: readonly string[]): Promise<void> {
  expectOneThread();
  try {
    await runWords(argv);
  } catch (error) {
    process.exitCode = tellFailure(error, argv);
  }
  // Signal handlers and an open standard input would keep Node running.
  process.exit();
}
