import { fstatSync } from 'node:fs';
import type { WriteStream } from 'node:tty';
import { printable } from './printable.js';

/** Columns that ora needs beside the text, and for a number in it that grows. */
const MARGIN = 8;
/** Milliseconds. */
const TICK = 100;

/**
 * A spinner where there is room for one, until the signal; else a line, said once. ora costs as much as all of dmfd's start-up,
 * so it comes only now.
 */
export async function showProgress(
  text: string | (() => string),
  stream: WriteStream,
  over: AbortSignal,
  say: (text: string) => void,
): Promise<void> {
  const textNow = typeof text === 'string' ? () => printable(text) : () => printable(text());
  const line = textNow();
  const ora = isRoomFor(line, stream) ? await import('./ora.js').catch(() => undefined) : undefined;
  if (over.aborted) return;
  if (ora === undefined) return say(line);
  // It would read the standard input, and lose what is there for the next command; a cursor that it hides stays so after ^C.
  const spinner = ora.default({ text: line, stream, discardStdin: false, hideCursor: false }).start();
  const tick = () => {
    spinner.text = textNow();
  };
  const ticking = typeof text === 'string' ? undefined : setInterval(tick, TICK);
  const stop = (): void => {
    clearInterval(ticking);
    spinner.stop();
  };
  over.addEventListener('abort', stop);
  stream.on('resize', () => isRoomFor(line, stream) || stop());
}

/**
 * ora clears as many lines as the text takes, and never comes to an end on a terminal of 0 columns (a serial console,
 * script(1) without one). It also looks at process.stdout, which Node makes non-blocking where it is a pipe.
 */
function isRoomFor(text: string, { columns }: WriteStream): boolean {
  return !isPipe(1) && columns >= text.length + MARGIN;
}

function isPipe(fd: number): boolean {
  const stats = fstatSync(fd);
  return stats.isFIFO() || stats.isSocket();
}
