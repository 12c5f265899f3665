import { isUtf8 } from 'node:buffer';
import { constants } from 'node:os';
import { DmfdError } from '../errors.js';
import { describeErrno } from '../kernel/errno.js';
import type { Kernel } from '../kernel/kernel.js';
import { Connection, failed, failedBy, type Message } from './connection.js';
import type { Deadline } from './deadline.js';
import { decodeError, decodeWords, encodeMessage, encodeWords, MESSAGES, type MessageName } from './wire.js';

/** No transaction. */
const NONE = 0;
/** Milliseconds for the work of others on the same nodes; the pause is a random part of it. */
const LONGEST_PAUSE = 20;

/** The operations in a transaction, and without one. Paths that do not begin with a slash are below this domain's own. */
export interface Nodes {
  /** undefined where there is no such node. @throws DmfdError `system` */
  read(path: string): string | undefined;
  /** The names of what is below a node; undefined where there is none. @throws DmfdError `system` */
  list(path: string): string[] | undefined;
  /** Makes the node where there is none. @throws DmfdError `system` */
  write(path: string, value: string): void;
  /** Removes a node, and what is below it, if it is there. @throws DmfdError `system` */
  remove(path: string): void;
}

/** xenstore, over a connection of its own. Every wait for an answer ends with the deadline. */
export class XenStore implements Nodes {
  #lastRequest = 0;
  /** Paths of watches that have fired, and not been asked for yet. */
  readonly #events: string[] = [];

  private constructor(
    private readonly kernel: Kernel,
    private readonly connection: Connection,
    private readonly deadline: Deadline,
  ) {}

  /** Connects to it for as long as `use` runs. @throws DmfdError `system` */
  static with<T>(kernel: Kernel, deadline: Deadline, use: (store: XenStore) => T): T {
    const connection = Connection.open(deadline);
    try {
      return use(new XenStore(kernel, connection, deadline));
    } finally {
      connection.close();
    }
  }

  read(path: string): string | undefined {
    return this.#nodes(NONE).read(path);
  }

  list(path: string): string[] | undefined {
    return this.#nodes(NONE).list(path);
  }

  write(path: string, value: string): void {
    this.#nodes(NONE).write(path, value);
  }

  remove(path: string): void {
    this.#nodes(NONE).remove(path);
  }

  /**
   * Does all of it or nothing. The work is done again, from its start, when another client has changed what it has read or
   * written; what it throws ends the transaction without an effect.
   *
   * @throws DmfdError `system`, also when others were faster until the deadline
   */
  transaction<T>(work: (nodes: Nodes) => T): T {
    do {
      const id = Number(decodeWords(this.#must('TRANSACTION_START', NONE, encodeWords('')))[0]);
      let result: T;
      try {
        result = work(this.#nodes(id));
      } catch (error) {
        this.#abort(id);
        throw error;
      }
      const ended = this.#ask('TRANSACTION_END', id, encodeWords('T'));
      if (typeof ended !== 'number') return result;
      if (ended !== constants.errno.EAGAIN) throw refused('TRANSACTION_END', '', ended);
      this.kernel.pause(Math.random() * LONGEST_PAUSE);
    } while (this.deadline.left() > 0);
    throw failedBy('TRANSACTION_END', describeErrno(constants.errno.EAGAIN), {
      said: `others were faster with the same nodes for ${this.deadline.milliseconds / 1000} s`,
    });
  }

  /** The error of the work is the one that counts. */
  #abort(id: number): void {
    try {
      this.#ask('TRANSACTION_END', id, encodeWords('F'));
    } catch (error) {
      if (!(error instanceof DmfdError)) throw error;
    }
  }

  /** From now on {@link nextEvent} tells of changes of a node, its end included; and once that the watch is there. */
  watch(path: string): void {
    this.#must('WATCH', NONE, encodeWords(path, path));
  }

  /** The path of a watch that has fired; undefined when none does within that time. @throws DmfdError `system` */
  nextEvent(milliseconds: number): string | undefined {
    const event = this.#events.shift();
    if (event !== undefined) return event;
    const message = this.connection.receive(milliseconds);
    if (message === undefined) return undefined;
    if (message.type !== MESSAGES.WATCH_EVENT) throw failed('it answers what was not asked');
    return watched(message);
  }

  #nodes(transaction: number): Nodes {
    return {
      read: (path) => {
        const answer = this.#ask('READ', transaction, encodeWords(path));
        if (typeof answer !== 'number') return text(path, answer);
        if (answer === constants.errno.ENOENT) return undefined;
        throw refused('READ', path, answer);
      },
      list: (path) => this.#list(transaction, path),
      write: (path, value) => {
        const answer = this.#ask(
          'WRITE',
          transaction,
          Buffer.concat([encodeWords(path), Buffer.from(value)]),
        );
        if (typeof answer === 'number') throw refused('WRITE', path, answer);
      },
      remove: (path) => {
        const answer = this.#ask('RM', transaction, encodeWords(path));
        if (typeof answer === 'number' && answer !== constants.errno.ENOENT)
          throw refused('RM', path, answer);
      },
    };
  }

  #list(transaction: number, path: string): string[] | undefined {
    const answer = this.#ask('DIRECTORY', transaction, encodeWords(path));
    if (typeof answer !== 'number') return decodeWords(answer);
    if (answer === constants.errno.ENOENT) return undefined;
    if (answer === constants.errno.E2BIG) return this.#listInParts(transaction, path);
    throw refused('DIRECTORY', path, answer);
  }

  /** Lists a directory that does not fit into one message. Each part begins with the number of the node's changes so far. */
  #listInParts(transaction: number, path: string): string[] {
    let generation: string | undefined;
    let names = '';
    for (;;) {
      const part = this.#must(
        'DIRECTORY_PART',
        transaction,
        encodeWords(path, String(names.length)),
      ).toString();
      const start = part.indexOf('\0') + 1;
      const now = part.slice(0, start);
      if (generation !== undefined && now !== generation) {
        generation = undefined;
        names = '';
        continue;
      }
      generation = now;
      names += part.slice(start);
      // The last one ends with an empty name.
      if (names.endsWith('\0\0') || part.length === start)
        return names.split('\0').filter((name) => name !== '');
    }
  }

  #must(type: MessageName, transaction: number, payload: Buffer): Buffer {
    const answer = this.#ask(type, transaction, payload);
    if (typeof answer === 'number') throw refused(type, decodeWords(payload)[0] ?? '', answer);
    return answer;
  }

  /** The answer's payload, or the errno that it names. */
  #ask(type: MessageName, transaction: number, payload: Buffer): Buffer | number {
    let answer: Buffer | number = constants.errno.EIO;
    this.kernel.call(`xenstore ${type} ${decodeWords(payload)[0] ?? ''}`.trimEnd(), () => {
      answer = this.#exchange(type, transaction, payload);
      return typeof answer === 'number' ? -answer : 0;
    });
    return answer;
  }

  #exchange(type: MessageName, transaction: number, payload: Buffer): Buffer | number {
    const request = ++this.#lastRequest;
    this.connection.send(encodeMessage({ type: MESSAGES[type], request, transaction }, payload));
    for (;;) {
      const message = this.connection.receive(this.deadline.left());
      if (message === undefined)
        throw failed(`it has not answered ${type} until the ${this.deadline.milliseconds / 1000} s were up`);
      if (message.type === MESSAGES.WATCH_EVENT) this.#events.push(watched(message));
      else if (message.request !== request) throw failed('it answers what was not asked');
      else return message.type === MESSAGES.ERROR ? decodeError(message.payload) : message.payload;
    }
  }
}

/** The token, which is the watched path as it was given. */
function watched({ payload }: Message): string {
  return decodeWords(payload)[1] ?? '';
}

function text(path: string, value: Buffer): string {
  if (!isUtf8(value)) throw new DmfdError('xen-disk-invalid', `xenstore: ${path}: it is not valid UTF-8`);
  return value.toString();
}

function refused(type: MessageName, path: string, number: number): DmfdError {
  return failedBy(`${type} ${path}`.trimEnd(), describeErrno(number));
}
