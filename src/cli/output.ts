import { fstatSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isatty } from 'node:tty';
import { served } from '../handoff/served.js';
import { pauseUnlessCanceled } from '../kernel/cancellation.js';
import { errnoError, errnoOf } from '../kernel/errno.js';
import type { StepListener } from '../kernel/step.js';
import { printable } from './printable.js';

/** Milliseconds between two tries to write to what is full. */
const LONGEST_PAUSE = 50;

/** Whether a descriptor of the caller's is a terminal. */
export function isTerminal(fd: number): boolean {
  return served()?.isTerminal(fd) ?? (isCharacterDevice(fd) && isatty(fd));
}

/** What is none is no terminal: Node's module for those is not loaded for it. */
function isCharacterDevice(fd: number): boolean {
  try {
    return fstatSync(fd).isCharacterDevice();
  } catch {
    return false;
  }
}

/**
 * Writes to a descriptor without Node's stream objects: making one sets O_NONBLOCK on a pipe that the command,
 * and other processes that share it, would then stumble over.
 */
export function write(fd: number, text: string): void {
  for (const pause of writeInParts(fd, text)) pauseUnlessCanceled(pause, undefined);
}

/**
 * As {@link write}, for a process that handles signals: they are heard while what is full is waited for.
 *
 * @param signal ends that wait, with its reason
 */
export async function writeMeanwhile(
  fd: number,
  text: string,
  { name, signal }: { readonly name?: string; readonly signal?: AbortSignal } = {},
): Promise<void> {
  for (const pause of writeInParts(fd, text, name))
    await sleep(pause, undefined, signal === undefined ? {} : { signal });
}

/** Yields how many milliseconds to wait, when another process made the descriptor non-blocking and it is full. */
function* writeInParts(fd: number, text: string, name?: string): Generator<number> {
  const bytes = Buffer.from(text);
  let pause = 1;
  for (let at = 0; at < bytes.length; ) {
    const written = writePart(fd, bytes, at, name);
    at += written;
    if (written > 0) {
      pause = 1;
    } else {
      yield pause;
      pause = Math.min(2 * pause, LONGEST_PAUSE);
    }
  }
}

/** 0 when it is full. */
function writePart(fd: number, bytes: Buffer, at: number, name = streamName(fd)): number {
  const other = served();
  try {
    if (other === undefined) return writeSync(fd, bytes, at);
    other.write(fd, bytes);
    return bytes.length;
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    if (errno.name === 'EAGAIN') return 0;
    throw errnoError(`write to ${name}`, errno, { code: 'output-failed' });
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

/** Lines for people on standard output; columns are separated by tabs. */
export function print(...lines: readonly string[]): void {
  write(1, lines.map((line) => `${line.split('\t').map(printable).join('\t')}\n`).join(''));
}

/** Lines for people on a terminal; for the program that reads them elsewhere, exactly as they are. */
export function printExactly(...lines: readonly string[]): void {
  if (isTerminal(1)) print(...lines);
  else write(1, lines.map((line) => `${line}\n`).join(''));
}

/** For `-v`: each step, with what it came to and how long it took. */
export const tellStep: StepListener = ({ what, result, nanoseconds }) => {
  say(`${what}: ${result} (${(nanoseconds / 1e6).toFixed(3)} ms)`);
};
