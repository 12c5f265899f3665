import { once, setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { DmfdError } from '../errors.js';
import { shim } from '../kernel/shim.js';
import type { Watched, Watcher } from '../kernel/watcher.js';
import { Connection } from './connection.js';
import type { Listener } from './listeners.js';

/** Speaks with one client, until that has gone; the connection is closed then. It throws only what should not happen. */
export type Protocol = (connection: Connection, serving: Serving) => Promise<void>;

/** The service, for what speaks with a client. */
export interface Serving {
  /** Aborts when the service ends, also for clients that wait. */
  readonly ending: AbortSignal;
  /** Aborts when calls that run are the last ones: a client without one is let go. */
  readonly closing: AbortSignal;
  /** Has to be asked before each call. */
  mayBegin(): boolean;
}

export interface ServiceOptions {
  readonly protocol: Protocol;
  /** Milliseconds without any connection, or other {@link Service.used | use}, after which it ends. Default: never. */
  readonly idle: number | undefined;
  /** Whether another edition of dmfd has been installed: what is loaded from now on is that one's, and does not belong to this code. */
  readonly isOutdated: () => boolean;
  /** Is told what should not have happened. */
  readonly onBug: (error: unknown) => void;
}

/** Milliseconds until the next try, where a connection cannot be had: there is no descriptor left, say. */
const PAUSE = 100;

/** Milliseconds until calls that run are cut off: while they go on, no service of the new edition begins. */
const DRAINING = 60_000;

/** Accepts connections, each of which goes its way by itself. */
export class Service {
  readonly #watcher: Watcher;
  readonly #listeners: readonly Listener[];
  readonly #options: ServiceOptions;
  readonly #watched: Watched[] = [];
  readonly #connections = new Map<Connection, Promise<void>>();
  readonly #ending = new AbortController();
  readonly #closing = new AbortController();
  #timer: NodeJS.Timeout | undefined;

  constructor(watcher: Watcher, listeners: readonly Listener[], options: ServiceOptions) {
    this.#watcher = watcher;
    this.#listeners = listeners;
    this.#options = options;
    // One for each connection.
    setMaxListeners(0, this.#closing.signal, this.#ending.signal);
    for (const listener of listeners) this.#listen(listener);
    this.#watchIdle();
  }

  /** Asks it to end. What clients wait for is taken back; what they have got is theirs. */
  end(): void {
    this.#ending.abort();
  }

  /** Asks it to end when the calls that run are over. Who connects meanwhile is left to the next service. */
  drain(): void {
    if (this.#isEnding) return;
    this.#stopListening();
    this.#closing.abort();
    clearTimeout(this.#timer);
    if (this.#connections.size === 0) this.end();
    else this.#timer = setTimeout(() => this.end(), DRAINING);
  }

  get #isEnding(): boolean {
    return this.#closing.signal.aborted || this.#ending.signal.aborted;
  }

  /** Another service of this process was used. */
  used(): void {
    this.#watchIdle();
  }

  /** Resolves when it has ended, by itself or because it was asked to. */
  async run(): Promise<void> {
    const { signal } = this.#ending;
    if (!signal.aborted) await once(signal, 'abort');
    clearTimeout(this.#timer);
    if (!this.#closing.signal.aborted) this.#stopListening();
    for (const connection of this.#connections.keys()) connection.close();
    await Promise.all(this.#connections.values());
  }

  #listen({ fd }: Listener): void {
    const next = (): void => watched.wait({ readable: true, writable: false });
    const watched = this.#watcher.watch(fd, () => {
      if (!this.#mayBegin()) return;
      const connection = this.#accept(fd);
      if (connection === undefined) {
        void sleep(PAUSE).then(next);
      } else {
        this.#begin(connection);
        next();
      }
    });
    this.#watched.push(watched);
    next();
  }

  #stopListening(): void {
    for (const watched of this.#watched) watched.end();
    for (const listener of this.#listeners) listener.close();
  }

  #mayBegin(): boolean {
    if (this.#options.isOutdated()) this.drain();
    return !this.#closing.signal.aborted;
  }

  /** undefined where there is no descriptor or no memory for it. */
  #accept(listener: number): Connection | undefined {
    const fd = shim.accept(listener);
    if (fd < 0) return undefined;
    try {
      return new Connection(this.#watcher, fd);
    } catch (error) {
      shim.close(fd);
      if (error instanceof DmfdError && error.code === 'resource-limit') return undefined;
      throw error;
    }
  }

  #begin(connection: Connection): void {
    clearTimeout(this.#timer);
    const over = this.#options
      .protocol(connection, {
        ending: this.#ending.signal,
        closing: this.#closing.signal,
        mayBegin: () => this.#mayBegin(),
      })
      .catch(this.#options.onBug)
      .then(() => {
        connection.close();
        this.#connections.delete(connection);
        if (this.#closing.signal.aborted && this.#connections.size === 0) this.end();
        else this.#watchIdle();
      });
    this.#connections.set(connection, over);
  }

  #watchIdle(): void {
    const { idle } = this.#options;
    if (idle === undefined || this.#connections.size > 0 || this.#isEnding) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.end(), idle);
  }
}
