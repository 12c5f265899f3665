import { writeSync } from 'node:fs';
import { pauseUnlessCanceled } from '../kernel/cancellation.js';
import { errnoError, errnoOf } from '../kernel/errno.js';
import type { StepListener } from '../kernel/step.js';

/** Milliseconds between two tries to write to what is full. */
const LONGEST_PAUSE = 50;

/**
 * Writes to a descriptor without Node's stream objects: making one sets O_NONBLOCK on a pipe that the command,
 * and whoever else shares it, would then stumble over.
 */
export function write(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  let pause = 1;
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(fd, bytes, at);
      pause = 1;
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === undefined) throw error;
      if (errno.name !== 'EAGAIN')
        throw errnoError(`write to ${streamName(fd)}`, errno, { code: 'output-failed' });
      // Somebody else made it non-blocking, and it is full.
      pauseUnlessCanceled(pause, undefined);
      pause = Math.min(2 * pause, LONGEST_PAUSE);
    }
  }
}

const STREAMS: Readonly<Record<number, string>> = { 1: 'standard output', 2: 'standard error' };

function streamName(fd: number): string {
  return STREAMS[fd] ?? `descriptor ${fd}`;
}

/** A message to the user, on stderr, with indented lines below; a stderr that is closed or full is no reason to fail. */
export function say(message: string, ...details: readonly string[]): void {
  const lines = [`dmfd: ${message}`, ...details.map((detail) => `  ${detail}`)];
  try {
    write(2, lines.map((line) => `${printable(line)}\n`).join(''));
  } catch {
    // Nowhere is left to say it.
  }
}

/** Names and the kernel's lines may have anything in them, and a terminal would obey it: control characters become \xNN. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replace(/[\x00-\x1f\x7f-\x9f]/g, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}

/** For `-v`: each call to the kernel, with what it came to and how long it took. */
export const tellStep: StepListener = ({ what, result, nanoseconds }) => {
  say(`${what}: ${result} (${(nanoseconds / 1e6).toFixed(3)} ms)`);
};
