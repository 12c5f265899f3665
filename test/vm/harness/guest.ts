import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { getSystemErrorName } from 'node:util';
import type { Welcome } from './broker.js';
import { consoleTail } from './console-log.js';
import { encodeFrame, type Frame, FrameReader, frameType } from './frames.js';
import { type CommandResult, GuestProcess, type OutputListener } from './process.js';
import { encodeStart } from './start-payload.js';
import { startUdev, stopUdev } from './udev.js';

export interface StartOptions {
  /** Added to the clean default environment; undefined takes a variable away. */
  env?: Record<string, string | undefined>;
  /** Default `/root`. */
  cwd?: string;
  /** The command's whole session gets SIGKILL then. Default 60,000; 0 for no limit. */
  timeoutMs?: number;
  /** `null` is /dev/null, `closed` is no descriptor 0 at all. */
  stdin?: 'pipe' | 'null' | 'closed';
  onOutput?: OutputListener;
}

export interface RunOptions extends Omit<StartOptions, 'stdin'> {
  /** What the command reads: `null` (default), `closed`, or else these very bytes. */
  stdin?: 'null' | 'closed' | string | Uint8Array;
}

const defaultEnv = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  TERM: 'dumb',
  LANG: 'C.UTF-8',
};

/** How long after its own time limit a command may stay unreported before the guest counts as hung. */
const graceMs = 30_000;

interface Pending {
  argv: readonly string[];
  onOutput: OutputListener | undefined;
  started(process: GuestProcess): void;
  failed(error: Error): void;
  process?: GuestProcess;
  watchdog?: NodeJS.Timeout;
}

/** A booted guest: runs commands in it. */
export class Guest {
  readonly kernel: Welcome['kernel'];
  /** The console's log, a file on the host. */
  readonly consoleLog: string;

  readonly #stream: Duplex;
  readonly #commands = new Map<number, Pending>();
  #nextCommand = 1;
  #death: Error | undefined;

  private constructor(stream: Duplex, welcome: Welcome) {
    this.#stream = stream;
    this.kernel = welcome.kernel;
    this.consoleLog = welcome.consoleLog;
  }

  /** Attaches to a broker; waits for the guest to have booted. */
  static async attach(socketPath: string): Promise<Guest> {
    const stream = connect(socketPath);
    const reader = new FrameReader();
    return new Promise((resolve, reject) => {
      let guest: Guest | undefined;
      const end = (reason: string) => {
        if (guest) guest.#die(new Error(reason));
        else reject(new Error(reason));
      };
      stream.on('error', (error) => end(`the connection to the guest broke: ${error.message}`));
      stream.on('close', () => end('the connection to the guest was closed'));
      stream.on('data', (chunk) => {
        for (const frame of reader.push(chunk)) {
          if (frame.type === frameType.dead) end(frame.payload.toString());
          else if (guest) guest.#receive(frame);
          else if (frame.type === frameType.welcome) {
            guest = new Guest(stream, JSON.parse(frame.payload.toString()));
            resolve(guest);
          }
        }
      });
    });
  }

  /** Runs a command to its end. Rejects when it cannot be started at all, or the guest dies. */
  async run(argv: readonly string[], options: RunOptions = {}): Promise<CommandResult> {
    const { stdin = 'null', ...rest } = options;
    if (stdin === 'null' || stdin === 'closed') return (await this.start(argv, { ...rest, stdin })).exited;
    const process = await this.start(argv, { ...rest, stdin: 'pipe' });
    process.write(stdin);
    process.closeStdin();
    return process.exited;
  }

  /** Runs a line of shell. */
  async sh(script: string, options?: RunOptions): Promise<CommandResult> {
    return this.run(['sh', '-c', script], options);
  }

  /** Starts a command; its standard input is a pipe unless told otherwise. */
  async start(argv: readonly string[], options: StartOptions = {}): Promise<GuestProcess> {
    if (this.#death) throw this.#death;
    const { timeoutMs = 60_000, cwd = '/root', stdin = 'pipe' } = options;
    const env = Object.fromEntries(
      Object.entries({ ...defaultEnv, ...options.env }).filter(
        (entry): entry is [string, string] => entry[1] !== undefined,
      ),
    );
    const payload = encodeStart({ argv, env, cwd, stdin, timeoutMs });
    const command = this.#nextCommand++;
    return new Promise((resolve, reject) => {
      const pending: Pending = { argv, onOutput: options.onOutput, started: resolve, failed: reject };
      this.#commands.set(command, pending);
      if (timeoutMs > 0)
        pending.watchdog = setTimeout(() => this.#hung(command, pending), timeoutMs + graceMs);
      this.#send(command, frameType.start, payload);
    });
  }

  /** Starts systemd-udevd with Debian's rules; by default a guest has none. */
  async startUdev(): Promise<void> {
    await startUdev(this);
  }

  async stopUdev(): Promise<void> {
    await stopUdev(this);
  }

  /** The last lines the guest's kernel printed. */
  consoleTail(lines = 20): string {
    return consoleTail(this.consoleLog, lines);
  }

  /** Lets go of the guest; what this client still runs in it is killed. */
  detach(): void {
    this.#stream.destroy();
  }

  #send(command: number, type: number, payload?: Uint8Array): void {
    this.#stream.write(encodeFrame(command, type, payload));
  }

  #receive(frame: Frame): void {
    const pending = this.#commands.get(frame.command);
    if (!pending) return;
    if (frame.type === frameType.started) {
      const send = (type: number, payload?: Uint8Array) => this.#send(frame.command, type, payload);
      const pid = frame.payload.readUInt32LE(0);
      pending.process = new GuestProcess(pending.argv, pid, send, pending.onOutput);
      pending.started(pending.process);
      return;
    }
    if (frame.type === frameType.failed) pending.failed(startError(pending.argv, frame.payload));
    pending.process?.receive(frame);
    if (frame.type !== frameType.stdout && frame.type !== frameType.stderr && frame.type !== frameType.credit)
      clearTimeout(pending.watchdog);
    if (frame.type === frameType.failed || frame.type === frameType.closed)
      this.#commands.delete(frame.command);
  }

  #hung(command: number, pending: Pending): void {
    this.#commands.delete(command);
    fail(
      pending,
      new Error(
        `the guest does not answer: ${pending.argv.join(' ')}\n${this.consoleLog}:\n${this.consoleTail(30)}`,
      ),
    );
  }

  #die(error: Error): void {
    if (this.#death) return;
    this.#death = error;
    for (const pending of this.#commands.values()) {
      clearTimeout(pending.watchdog);
      fail(pending, error);
    }
    this.#commands.clear();
    this.#stream.destroy();
  }
}

function fail(pending: Pending, error: Error): void {
  if (pending.process) pending.process.abandon(error);
  else pending.failed(error);
}

function startError(argv: readonly string[], payload: Buffer): Error {
  const step = payload.subarray(4).toString();
  return Object.assign(
    new Error(`cannot run ${argv.join(' ')}: ${step}: ${getSystemErrorName(-payload.readUInt32LE(0))}`),
    {
      errno: payload.readUInt32LE(0),
    },
  );
}
