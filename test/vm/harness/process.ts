import { constants } from 'node:os';
import { type Frame, frameType, stdinWindow } from './frames.js';

export interface CommandResult {
  /** Exit code, or null when a signal ended the command. */
  code: number | null;
  /** Name of the signal that ended it, or null. */
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  /** The same, undecoded. */
  stdoutBytes: Buffer;
  /** The command ran into its time limit and was killed, with its whole session. */
  timedOut: boolean;
  /** Measured in the guest, from fork to exit. */
  durationMs: number;
}

/** Output is kept in memory; a command that writes more than this is taken for one that has gone wild. */
const outputLimit = 64 << 20;

/** Gets output as it comes. */
export type OutputListener = (stream: 'stdout' | 'stderr', bytes: Buffer) => void;

type SendFrame = (type: number, payload?: Uint8Array) => void;

export type SignalTarget = 'process' | 'group' | 'session';

/** A command that was started in the guest. */
export class GuestProcess {
  readonly pid: number;
  /**
   * Settles when the command itself has ended, with all it wrote. Processes it left in the background may
   * write on: `stdout` and `stderr` go on growing. Rejects when the guest dies or stops answering.
   */
  readonly exited: Promise<CommandResult>;

  readonly #argv: readonly string[];
  readonly #send: SendFrame;
  readonly #stdout: Buffer[] = [];
  readonly #stderr: Buffer[] = [];
  readonly #unsent: Buffer[] = [];
  readonly #listener: OutputListener | undefined;
  readonly #watchers = new Set<() => void>();
  #credit = stdinWindow;
  #stdinEnds = false;
  #over = false;
  #kept = 0;
  #flooded = false;
  #settle!: { resolve(result: CommandResult): void; reject(error: Error): void };

  /** @internal Made by Guest.start() once the guest has reported the pid. */
  constructor(argv: readonly string[], pid: number, send: SendFrame, listener?: OutputListener) {
    this.#argv = argv;
    this.pid = pid;
    this.#send = send;
    this.#listener = listener;
    this.exited = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    // A test that fails before it awaits `exited` has its own error; this one is no news then.
    this.exited.catch(() => {});
  }

  get stdout(): string {
    return Buffer.concat(this.#stdout).toString();
  }

  get stderr(): string {
    return Buffer.concat(this.#stderr).toString();
  }

  /** Sends bytes to the command's standard input; it may read them when it likes. */
  write(data: string | Uint8Array): void {
    if (this.#stdinEnds) throw new Error('standard input was closed before');
    this.#unsent.push(Buffer.from(data));
    this.#pump();
  }

  closeStdin(): void {
    if (this.#stdinEnds) return;
    this.#stdinEnds = true;
    this.#pump();
  }

  signal(name: NodeJS.Signals, target: SignalTarget = 'process'): void {
    const payload = Buffer.alloc(8);
    payload.writeUInt32LE(constants.signals[name], 0);
    payload.writeUInt32LE(['process', 'group', 'session'].indexOf(target), 4);
    this.#send(frameType.signal, payload);
  }

  /** Waits until standard output, or standard error, matches; fails when the command ends without that. */
  async waitForOutput(
    pattern: RegExp,
    timeoutMs = 30_000,
    stream: 'stdout' | 'stderr' = 'stdout',
  ): Promise<RegExpMatchArray> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const match = this[stream].match(pattern);
        if (match) return finish(() => resolve(match));
        if (this.#over) finish(() => reject(this.#never(pattern, stream, 'ended')));
      };
      const finish = (settle: () => void) => {
        clearTimeout(timer);
        this.#watchers.delete(look);
        settle();
      };
      const timer = setTimeout(
        () => finish(() => reject(this.#never(pattern, stream, `took over ${timeoutMs} ms`))),
        timeoutMs,
      );
      this.#watchers.add(look);
      look();
    });
  }

  /** @internal */
  receive(frame: Frame): void {
    switch (frame.type) {
      case frameType.stdout:
        this.#keep('stdout', this.#stdout, frame.payload);
        break;
      case frameType.stderr:
        this.#keep('stderr', this.#stderr, frame.payload);
        break;
      case frameType.credit:
        this.#credit += frame.payload.readUInt32LE(0);
        this.#pump();
        return;
      case frameType.exit:
        this.#over = true;
        this.#settle.resolve(this.#result(frame.payload));
        break;
      default:
        return;
    }
    for (const look of [...this.#watchers]) look();
  }

  /** @internal */
  abandon(error: Error): void {
    this.#over = true;
    this.#settle.reject(error);
    for (const look of [...this.#watchers]) look();
  }

  #keep(stream: 'stdout' | 'stderr', chunks: Buffer[], bytes: Buffer): void {
    if (this.#flooded) return;
    chunks.push(bytes);
    this.#listener?.(stream, bytes);
    this.#kept += bytes.length;
    if (this.#kept <= outputLimit) return;
    this.#flooded = true;
    this.signal('SIGKILL', 'session');
    this.abandon(new Error(`${this.#argv.join(' ')} wrote over ${outputLimit >> 20} MiB and was killed`));
  }

  #pump(): void {
    for (let next = this.#unsent[0]; next && this.#credit > 0; next = this.#unsent[0]) {
      const data = next.subarray(0, Math.min(this.#credit, 64 * 1024));
      this.#credit -= data.length;
      if (data.length > 0) this.#send(frameType.stdin, data);
      if (data.length === next.length) this.#unsent.shift();
      else this.#unsent[0] = next.subarray(data.length);
    }
    if (this.#stdinEnds && this.#unsent.length === 0) this.#send(frameType.stdinClose);
  }

  #result(payload: Buffer): CommandResult {
    const number = payload.readUInt32LE(4);
    const stdoutBytes = Buffer.concat(this.#stdout);
    return {
      code: number === 0 ? payload.readUInt32LE(0) : null,
      signal: number === 0 ? null : signalName(number),
      stdout: stdoutBytes.toString(),
      stderr: this.stderr,
      stdoutBytes,
      timedOut: payload.readUInt32LE(8) === 1,
      durationMs: payload.readUInt32LE(12) / 1000,
    };
  }

  #never(pattern: RegExp, stream: string, what: string): Error {
    return new Error(
      `${this.#argv.join(' ')} ${what} and its ${stream} never matched ${pattern}\n` +
        `stdout: ${this.stdout}\nstderr: ${this.stderr}`,
    );
  }
}

function signalName(number: number): NodeJS.Signals {
  const found = Object.entries(constants.signals).find(([, value]) => value === number);
  if (!found) throw new Error(`a command was ended by signal ${number}, which has no name`);
  return found[0] as NodeJS.Signals;
}
