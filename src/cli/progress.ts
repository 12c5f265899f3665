import { isatty } from 'node:tty';
import { printable, say } from './output.js';

/** Milliseconds; shorter waits are over before anybody wonders. */
const WORTH_SHOWING = 500;
/** Columns that ora needs beside the text. */
const MARGIN = 4;

/** Shows that something is being waited for, on a terminal and when it takes its time. */
export async function withProgress<T>(text: string, quiet: boolean, work: Promise<T>): Promise<T> {
  if (quiet || !isatty(2)) return await work;
  const over = new AbortController();
  const timer = setTimeout(() => show(printable(text), over.signal), WORTH_SHOWING);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
    over.abort();
  }
}

/** A spinner where there is room for one; else a line. ora costs as much as all of dmfd's start-up, so it comes only now. */
async function show(text: string, over: AbortSignal): Promise<void> {
  const ora = isRoomFor(text) ? await import('ora').catch(() => undefined) : undefined;
  if (over.aborted) return;
  if (ora === undefined) return say(text);
  // It would read the standard input, and lose what is there for the next command.
  const spinner = ora.default({ text, stream: process.stderr, discardStdin: false }).start();
  const stop = (): void => void spinner.stop();
  over.addEventListener('abort', stop);
  process.stderr.on('resize', () => isRoomFor(text) || stop());
}

/**
 * ora clears as many lines as the text takes, and never comes to an end on a terminal of 0 columns (a serial console,
 * script(1) without one). It also looks at process.stdout, which Node makes non-blocking where it is a pipe.
 */
function isRoomFor(text: string): boolean {
  return isatty(1) && process.stderr.columns >= text.length + MARGIN;
}
