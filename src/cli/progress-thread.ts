import { parentPort, workerData } from 'node:worker_threads';
import { blockingTerminal } from './blocking-terminal.js';
import { say } from './output.js';
import { STATE, WORTH_SHOWING } from './progress.js';
import { showProgress } from './spinner.js';

/** In the thread that {@link whileBlocked} starts: shows its text when that is due, until it is told that the wait is over. */
export function showInThread(): void {
  const { text, columns, state } = workerData as { text: string; columns: number; state: Int32Array };
  const over = new AbortController();
  parentPort?.once('message', () => {
    over.abort();
    Atomics.store(state, 0, STATE.waiting);
    Atomics.notify(state, 0);
  });
  setTimeout(() => {
    if (Atomics.compareExchange(state, 0, STATE.waiting, STATE.shown) !== STATE.waiting) return;
    // A thread's own process.stderr goes through the thread that is blocked.
    void showProgress(text, blockingTerminal(2, columns), over.signal, say);
  }, WORTH_SHOWING);
}
