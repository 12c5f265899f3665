import { Worker } from 'node:worker_threads';
import { served } from '../handoff/served.js';
import { installed } from '../kernel/installed.js';
import { columnsOf } from './blocking-terminal.js';
import { isTerminal, say } from './output.js';
import { showProgress } from './spinner.js';

/** Milliseconds; shorter waits are over before the user wonders. */
export const WORTH_SHOWING = 500;
/** Milliseconds that the thread may take to clear its line. */
const CLEARING = 5000;

/** The command is one file, and has in it what the thread does. */
const BUNDLE = 'dist/command/dmfd.cjs';
const THREAD = `require(require('node:worker_threads').workerData.bundle).showInThread()`;

/** How far the thread of {@link whileBlocked} has come. */
export const STATE = { waiting: 0, shown: 1, over: 2 } as const;

/**
 * Shows that something is being waited for, on a terminal and when it takes its time.
 *
 * @param text what that is; a function tells how far it has come
 */
export async function withProgress<T>(
  text: string | (() => string),
  quiet: boolean,
  work: Promise<T>,
): Promise<T> {
  if (quiet || !isTerminal(2)) return await work;
  const over = new AbortController();
  // What goes on is not to fail for want of a picture of it.
  const show = (): void => void showProgress(text, process.stderr, over.signal, say).catch(() => undefined);
  const timer = setTimeout(show, WORTH_SHOWING);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
    over.abort();
  }
}

/**
 * As {@link withProgress}, for work that blocks this thread: another one shows it. Its start is not free, so this is for work of
 * which a wait is to be expected.
 */
export function whileBlocked<T>(text: string, quiet: boolean, work: () => T): T {
  // The service does not wait for long: see whenWaited().
  if (quiet || served() !== undefined || !isTerminal(2)) return work();
  const state = new Int32Array(new SharedArrayBuffer(4));
  const thread = new Worker(THREAD, {
    eval: true,
    workerData: { bundle: installed(BUNDLE), text, columns: columnsOf(2), state },
    execArgv: [],
    // Else Node makes its own streams of this process's, with the effect that blockingTerminal() is there to avoid.
    stdout: true,
    stderr: true,
    trackUnmanagedFds: false,
  });
  thread.on('error', () => undefined).unref();
  try {
    return work();
  } finally {
    if (Atomics.exchange(state, 0, STATE.over) === STATE.shown) {
      thread.postMessage('over');
      Atomics.wait(state, 0, STATE.over, CLEARING);
    }
    void thread.terminate();
  }
}
