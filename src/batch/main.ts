import { setMaxListeners } from 'node:events';
import { setImmediate as breathe } from 'node:timers/promises';
import { isatty } from 'node:tty';
import { checkOutput } from '../cli/check-output.js';
import { heldJson } from '../cli/device-json.js';
import { errorJson } from '../cli/error-json.js';
import { toJson } from '../cli/json.js';
import { say } from '../cli/output.js';
import { printError } from '../cli/print-error.js';
import { withProgress } from '../cli/progress.js';
import type { Device } from '../device/handle.js';
import { DmfdError } from '../errors.js';
import { callerDescriptors, callerState } from '../handoff/caller.js';
import { hold, onReleasingSignal } from '../handoff/hold.js';
import { AnswerStream } from './answer-stream.js';
import { HeldDevices } from './devices.js';
import { type BatchInput, openBatchInput } from './input.js';
import { idOf, type LineId, orderOf, parseLine } from './line.js';
import { type InputLine, LONGEST_LINE, linesOf } from './lines.js';

/** So many lines at most are worked on at the same time, those that wait for a key or for udev included. */
const AT_ONCE = 64;

const SOME_FAILED = 1;

/** How `dmfd batch` goes about it. */
export interface BatchOptions {
  /** Goes on while a line waits for a key or for udev. */
  readonly unordered: boolean;
  readonly quiet: boolean;
}

/** Answers the requests in a file, `-` for standard input, and holds their devices; returns the exit status. */
export async function batch(file: string, options: BatchOptions): Promise<number> {
  try {
    return (await answerAll(file, options)) === 0 ? 0 : SOME_FAILED;
  } catch (error) {
    return printError(error);
  }
}

/** Returns how many lines failed. */
async function answerAll(file: string, { unordered, quiet }: BatchOptions): Promise<number> {
  checkOutput('each line is answered there');
  const input = openBatchInput(file);
  const stop = new AbortController();
  // Each line that is worked on listens.
  setMaxListeners(0, stop.signal);
  const hearNoMore = onReleasingSignal(callerState(), () => {
    // A second one does what it does to any program.
    hearNoMore();
    stop.abort();
  });
  const run = new Batch(input, unordered, stop);
  try {
    // On a terminal, the answers themselves show it.
    await withProgress(() => run.describe(), quiet || isatty(1), run.readAll());
    if (!input.endReleases && !stop.signal.aborted) await run.hold(quiet);
  } finally {
    run.devices.close();
  }
  return run.failed;
}

/** The answer to a line, except its number and id. */
type Answer = Readonly<Record<string, unknown>>;

class Batch {
  failed = 0;
  readonly devices: HeldDevices;
  readonly #answers: AnswerStream;
  readonly #working = new Set<Promise<void>>();
  #oneEnded = (): void => undefined;
  #trouble: { readonly error: unknown } | undefined;

  constructor(
    private readonly input: BatchInput,
    private readonly unordered: boolean,
    private readonly stop: AbortController,
  ) {
    const others = callerDescriptors().filter((fd) => fd > 2);
    this.devices = new HeldDevices(others, stop.signal);
    this.#answers = new AnswerStream(stop.signal);
  }

  /** For people. */
  describe(): string {
    const failed = this.failed === 0 ? '' : `, ${this.failed} of the lines failed`;
    return `holding ${this.devices.size} devices${failed}`;
  }

  /** Answers each line, until there are no more or it is stopped. */
  async readAll(): Promise<void> {
    try {
      for await (const line of linesOf(this.input.chunks(this.stop.signal))) {
        await this.#take(line);
        // Else signals would be heard at the end of what has been read.
        await breathe();
        if (this.stop.signal.aborted) break;
      }
    } catch (error) {
      this.#end(error);
    }
    // Requests that are still worked on have to end before the devices can go.
    await Promise.all(this.#working);
    if (this.#trouble !== undefined) throw this.#trouble.error;
  }

  /** For failures of more than one line: the answers have no reader, or the input cannot be read. */
  #end(error: unknown): void {
    this.#trouble ??= { error };
    this.stop.abort();
  }

  /** When all of a file has been answered. */
  async hold(quiet: boolean): Promise<void> {
    const tell = async (): Promise<void> => {
      if (!quiet && isatty(2)) say(`${this.describe()}; ^C lets go of them`);
    };
    await hold(tell, () => this.devices.close(), callerState());
  }

  async #take(line: InputLine): Promise<void> {
    const work = this.#answer(line);
    if (!this.unordered) return await work;
    const tracked: Promise<void> = work
      .catch((error) => this.#end(error))
      .finally(() => {
        this.#working.delete(tracked);
        this.#oneEnded();
      });
    this.#working.add(tracked);
    if (this.#working.size >= AT_ONCE)
      await new Promise<void>((resolve) => {
        this.#oneEnded = resolve;
      });
  }

  async #answer({ number, bytes }: InputLine): Promise<void> {
    let id: LineId;
    let answer: Answer;
    try {
      if (bytes === undefined) throw tooLong();
      const line = parseLine(bytes);
      id = idOf(line);
      const order = orderOf(line);
      answer =
        'release' in order
          ? toldRelease(await this.devices.release(order.release))
          : toldDevice(await this.devices.make(order.request));
    } catch (error) {
      if (this.stop.signal.aborted) return;
      this.failed++;
      answer = { error: toldError(error) };
    }
    await this.#answers.write(`${toJson({ line: number, id, ...answer })}\n`);
  }
}

function tooLong(): DmfdError {
  return new DmfdError('invalid-request', `the line is longer than ${LONGEST_LINE} bytes`);
}

function toldDevice(device: Device): Answer {
  return { ...heldJson(device), warnings: device.warnings };
}

function toldRelease({ name, gone }: { readonly name: string; readonly gone: boolean }): Answer {
  return { released: name, gone };
}

function toldError(error: unknown): object {
  if (error instanceof DmfdError) return errorJson(error);
  // A fault of dmfd's own is no reason to take the devices of other lines away.
  const message = error instanceof Error ? error.message : String(error);
  return { kind: 'system', code: 'unexpected', message };
}
