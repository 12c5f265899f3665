import { writeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { describeErrno, errnoError } from './errno.js';
import { installed } from './installed.js';
import { numbersOf } from './layout.js';
import { shim } from './shim.js';

/** The events to wait for; that the other end has gone is told in any case. */
export interface Wanted {
  readonly readable: boolean;
  readonly writable: boolean;
}

/** The events of a descriptor: a read or a write would not wait, or the other end has gone. */
export interface Readiness extends Wanted {
  readonly hungUp: boolean;
}

/** A descriptor that is watched. */
export interface Watched {
  /** Tells the listener once, when there is something to tell; after the end, never. */
  wait(wanted: Wanted): void;
  /** Has to be called before the descriptor is closed. */
  end(): void;
}

/** The ready descriptors, by the tags of {@link Watcher}. */
type Ready = readonly (readonly [tag: number, events: number])[];

const events = numbersOf('event', ['readable', 'writable', 'hung_up', 'error']);
const readyAt = numbersOf('ready', ['bytes', 'tag', 'events']);

const THREAD = 'dist/command/watch-thread.cjs';
const AT_ONCE = 64;
const STOP = 0;

/**
 * Tells which descriptors are ready, without Node's own sockets, which neither receive nor send descriptors: a thread waits
 * for all of them.
 */
export class Watcher {
  readonly #fd = must('epoll_create1', shim.watcher());
  readonly #stop = must('eventfd', shim.cancelEvent());
  readonly #listeners = new Map<number, (readiness: Readiness) => void>();
  readonly #thread: Worker;
  #lastTag = STOP;

  /** @param onFailure is told why the thread has ended without being asked to */
  constructor(onFailure: (error: unknown) => void) {
    must('epoll_ctl', shim.watch(this.#fd, this.#stop, STOP, events().readable));
    this.#thread = new Worker(installed(THREAD), {
      workerData: this.#fd,
      execArgv: [],
      trackUnmanagedFds: false,
    });
    this.#thread.on('message', (ready: Ready) => this.#tell(ready)).on('error', onFailure);
    // The process would wait for the thread, and the thread for ever.
    process.on('exit', this.#end);
  }

  watch(fd: number, listener: (readiness: Readiness) => void): Watched {
    this.#lastTag++;
    const tag = this.#lastTag;
    this.#listeners.set(tag, listener);
    return {
      wait: ({ readable, writable }) => {
        if (!this.#listeners.has(tag)) return;
        const wanted = (readable ? events().readable : 0) | (writable ? events().writable : 0);
        must('epoll_ctl', shim.watch(this.#fd, fd, tag, wanted));
      },
      end: () => {
        if (this.#listeners.delete(tag)) shim.unwatch(this.#fd, fd);
      },
    };
  }

  /** Resolves when the thread has ended. */
  async close(): Promise<void> {
    const over = new Promise((resolve) => this.#thread.once('exit', resolve));
    this.#end();
    await over;
    process.off('exit', this.#end);
    shim.close(this.#stop);
    shim.close(this.#fd);
  }

  readonly #end = (): void => {
    writeSync(this.#stop, BigUint64Array.of(1n));
  };

  /** What is not watched any more may have been on its way. */
  #tell(ready: Ready): void {
    const { readable, writable, hung_up, error } = events();
    for (const [tag, found] of ready) {
      this.#listeners.get(tag)?.({
        readable: (found & readable) !== 0,
        writable: (found & writable) !== 0,
        hungUp: (found & (hung_up | error)) !== 0,
      });
    }
  }
}

/** In the watcher's thread: waits until something is ready; undefined when it is to end. */
export function waitReady(watcher: number): Ready | undefined {
  const at = readyAt();
  const buffer = Buffer.alloc(AT_ONCE * at.bytes);
  const count = must('epoll_wait', shim.waitReady(watcher, buffer, AT_ONCE));
  const ready = Array.from({ length: count }, (_, index) => {
    const start = index * at.bytes;
    return [buffer.readUInt32LE(start + at.tag), buffer.readUInt32LE(start + at.events)] as const;
  });
  return ready.some(([tag]) => tag === STOP) ? undefined : ready;
}

function must(operation: string, result: number): number {
  if (result >= 0) return result;
  throw errnoError(operation, describeErrno(-result), { code: 'resource-limit' });
}
