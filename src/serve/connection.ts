import { describeErrno, errnoError } from '../kernel/errno.js';
import { numbersOf } from '../kernel/layout.js';
import { shim } from '../kernel/shim.js';
import type { Watched, Watcher } from '../kernel/watcher.js';

/** Bytes that came in one piece; the descriptors came with the last of them. */
export interface Part {
  readonly bytes: Buffer;
  /** Close-on-exec; the receiver of the part closes them. */
  readonly fds: readonly number[];
}

const passedAt = numbersOf('passed', ['bytes', 'count', 'fds']);

const READ_SIZE = 64 * 1024;
const AGAIN = -11;
const NOBODY_PASSED: readonly number[] = [];

/** A connection of the service's, with descriptors in both directions. One receives, and one sends, at a time. */
export class Connection {
  readonly #fd: number;
  readonly #watched: Watched;
  readonly #gone = new AbortController();
  #wakeReader: (() => void) | undefined;
  #wakeWriter: (() => void) | undefined;
  #isOpen = true;

  /**
   * @param fd is closed with the connection
   * @throws DmfdError `system` where the kernel has no room to watch it
   */
  constructor(watcher: Watcher, fd: number) {
    this.#fd = fd;
    this.#watched = watcher.watch(fd, ({ readable, writable, hungUp }) => {
      if (hungUp) this.#gone.abort();
      if (readable || hungUp) this.#wakeReader?.();
      if (writable || hungUp) this.#wakeWriter?.();
      this.#watch();
    });
    try {
      this.#watch();
    } catch (error) {
      this.#watched.end();
      throw error;
    }
  }

  /** The descriptor, for what concerns the socket itself. */
  get fd(): number {
    return this.#fd;
  }

  /** Aborts when the client has gone, or this connection is closed: an answer would not arrive. Not when the client only stops sending. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /**
   * Waits for what comes next; undefined at the end.
   *
   * @throws DmfdError `system` when the connection broke, or descriptors were lost
   */
  async receive(): Promise<Part | undefined> {
    const bytes = Buffer.allocUnsafe(READ_SIZE);
    const at = passedAt();
    const passed = Buffer.alloc(at.bytes);
    let count = AGAIN;
    while (this.#isOpen) {
      count = shim.receivePart(this.#fd, bytes, bytes.length, passed);
      if (count !== AGAIN) break;
      await this.#wait((wake) => {
        this.#wakeReader = wake;
      });
    }
    if (count === 0 || !this.#isOpen) return undefined;
    if (count < 0) throw failed('receive from a client', count);
    const fds = Array.from({ length: passed.readUInt32LE(at.count) }, (_, index) =>
      passed.readInt32LE(at.fds + 4 * index),
    );
    return { bytes: bytes.subarray(0, count), fds };
  }

  /**
   * Sends all of it, the descriptors with the first byte; they stay open here.
   *
   * @throws DmfdError `system` when the other end has gone
   */
  async send(bytes: Buffer, fds = NOBODY_PASSED): Promise<void> {
    let passed = encodePassed(fds);
    for (let at = 0; at < bytes.length; ) {
      if (!this.#isOpen) throw failed('send to a client', -32);
      const rest = bytes.subarray(at);
      const count = shim.sendPart(this.#fd, rest, rest.length, passed);
      if (count >= 0) {
        at += count;
        passed = encodePassed(NOBODY_PASSED);
      } else if (count === AGAIN) {
        await this.#wait((wake) => {
          this.#wakeWriter = wake;
        });
      } else {
        throw failed('send to a client', count);
      }
    }
  }

  /** Does nothing the second time. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#watched.end();
    shim.close(this.#fd);
    this.#gone.abort();
    this.#wakeReader?.();
    this.#wakeWriter?.();
  }

  async #wait(register: (wake: (() => void) | undefined) => void): Promise<void> {
    await new Promise<void>((resolve) => {
      register(() => {
        register(undefined);
        resolve();
      });
      this.#watch();
    });
  }

  /** Once the other end has gone, everything is ready at once. */
  #watch(): void {
    if (!this.#isOpen || this.#gone.signal.aborted) return;
    this.#watched.wait({
      readable: this.#wakeReader !== undefined,
      writable: this.#wakeWriter !== undefined,
    });
  }
}

function encodePassed(fds: readonly number[]): Buffer {
  const at = passedAt();
  const passed = Buffer.alloc(at.bytes);
  passed.writeUInt32LE(fds.length, at.count);
  for (const [index, fd] of fds.entries()) passed.writeInt32LE(fd, at.fds + 4 * index);
  return passed;
}

function failed(operation: string, result: number) {
  return errnoError(operation, describeErrno(-result), { code: 'receiver-failed' });
}
