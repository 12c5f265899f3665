import type { WriteStream } from 'node:tty';
import { isatty } from 'node:tty';
import { printable } from './output.js';

/** Columns that ora needs beside the text. */
const MARGIN = 4;

/**
 * A spinner where there is room for one, until the signal; else a line, said once. ora costs as much as all of dmfd's start-up,
 * so it comes only now.
 */
export async function showProgress(
  text: string,
  stream: WriteStream,
  over: AbortSignal,
  say: (text: string) => void,
): Promise<void> {
  const line = printable(text);
  const ora = isRoomFor(line, stream) ? await import('./ora.js').catch(() => undefined) : undefined;
  if (over.aborted) return;
  if (ora === undefined) return say(text);
  // It would read the standard input, and lose what is there for the next command; a cursor that it hides stays so after ^C.
  const spinner = ora.default({ text: line, stream, discardStdin: false, hideCursor: false }).start();
  const stop = (): void => void spinner.stop();
  over.addEventListener('abort', stop);
  stream.on('resize', () => isRoomFor(line, stream) || stop());
}

/**
 * ora clears as many lines as the text takes, and never comes to an end on a terminal of 0 columns (a serial console,
 * script(1) without one). It also looks at process.stdout, which Node makes non-blocking where it is a pipe.
 */
function isRoomFor(text: string, { columns }: WriteStream): boolean {
  return isatty(1) && columns >= text.length + MARGIN;
}
