/**
 * The process that the command line works for: by default for the process that it runs in, whose caller's words, environment and streams are this
 * process's own. In a service it works for the launchers that ask it, one after the other, in processes of their own.
 *
 * @module
 */
import { represent } from '../kernel/processes.js';
import type { Bytes } from './bytes.js';
import type { CallerState } from './caller-state.js';

/** Another process, for which this one works. */
export interface Served {
  readonly pid: number;
  readonly state: CallerState | undefined;
  /** Without the name of the program. */
  readonly words: readonly Bytes[];
  /** `NAME=value` each. */
  readonly environment: readonly Bytes[];
  /** Whether its descriptor is a terminal. */
  isTerminal(fd: number): boolean;
  /** How many columns the terminal has that is its standard output; 0 where it does not say. */
  readonly columns: number;
  /** Has it write to its descriptor. @throws as Node's own file functions do */
  write(fd: number, bytes: Buffer): void;
  /**
   * Has it start a command, or become it, and gives it the descriptors, which are closed here then.
   *
   * @param encoded as for a process that has the caller's descriptors; the n-th of ours is `sourceOf(n)` there
   * @returns 0 when the command runs, or as the shim's `start` and `exec`
   */
  run(kind: 'start' | 'exec', encoded: EncodedCommand, descriptors: readonly OwnedDescriptor[]): number;
}

/** One that is not there: it has no words, and hears nothing. */
export const NOBODY: Served = {
  pid: process.pid,
  state: undefined,
  words: [],
  environment: [],
  columns: 0,
  isTerminal: () => false,
  write: () => undefined,
  run: () => 0,
};

/** A command as the shim wants it. */
export interface EncodedCommand {
  readonly header: Buffer;
  readonly strings: Buffer;
  readonly descriptors: Buffer;
}

/** A descriptor of this process, and how it is let go of. */
export interface OwnedDescriptor {
  readonly fd: number;
  close(): void;
}

let current: Served | undefined;

export function served(): Served | undefined {
  return current;
}

/** From here on, until it is called again; undefined: the process itself. */
export function serve(other: Served | undefined): void {
  current = other;
  represent(other?.pid);
}

/** Thrown where what is asked for can be done by the caller's own process alone: it has a descriptor, or time to wait. */
export class OnlyByItself extends Error {
  constructor() {
    super('this can only be done by the process that was asked for it');
  }
}

/** To be called before something that only the process itself can do, and before anything is changed. @throws OnlyByItself in a service */
export function needItself(): void {
  if (current !== undefined) throw new OnlyByItself();
}

/** From here on, the process that was asked cannot do it in place of this one, whatever becomes of this one. */
export function keepIt(): void {
  // Once it was told anything, that process does not begin anew.
  current?.write(STDERR, Buffer.alloc(0));
}

const STDERR = 2;

/** Thrown where a command has its device and runs: nothing is left to do but to clear up. */
export class HandedOver extends Error {
  constructor() {
    super('the command runs');
  }
}
