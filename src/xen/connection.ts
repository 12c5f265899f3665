import { constants, existsSync, readSync, writeSync } from 'node:fs';
import { DmfdError } from '../errors.js';
import { countWait } from '../kernel/cancellation.js';
import { describeErrno, type Errno, errnoError, errnoOf, type Failure } from '../kernel/errno.js';
import { shim } from '../kernel/shim.js';
import type { Deadline } from './deadline.js';
import { decodeHeader, HEADER_SIZE, type Header, LARGEST_PAYLOAD } from './wire.js';

export interface Message extends Header {
  readonly payload: Buffer;
}

/** Where libxenstore looks, in this order; a domain without a xenstored of its own has the devices. */
const DEVICES = ['/dev/xen/xenbus', '/proc/xen/xenbus'];
const HINT = 'is xenstored running, and is this domain 0, or a domain with a backend of its own?';

/** Milliseconds that are waited for at once: the thread may have others to serve. */
const LONGEST_WAIT = 100;

/** A connection to xenstored that carries whole messages. No wait on it is longer than the deadline. */
export class Connection {
  #received = Buffer.alloc(0);

  private constructor(
    private readonly fd: number,
    private readonly deadline: Deadline,
  ) {}

  /** @throws DmfdError `system` when no xenstored can be connected to */
  static open(deadline: Deadline, environment: NodeJS.ProcessEnv = process.env): Connection {
    const socket = environment.XENSTORED_PATH || `${environment.XENSTORED_RUNDIR || '/run/xenstored'}/socket`;
    const device = DEVICES.find((path) => existsSync(path));
    const fd =
      existsSync(socket) || device === undefined
        ? shim.connect(Buffer.from(`${socket}\0`), 0, deadline.left(), Buffer.alloc(4))
        : shim.open(Buffer.from(`${device}\0`), constants.O_RDWR);
    if (fd >= 0) return new Connection(fd, deadline);
    const where = existsSync(socket) ? socket : (device ?? socket);
    const errno = describeErrno(-fd);
    const said = `it cannot be reached at ${where}: ${errno.name}, ${errno.words}`;
    throw failedBy(`connect to ${where}`, errno, { said });
  }

  close(): void {
    shim.close(this.fd);
  }

  /** @throws DmfdError `system` */
  send(message: Buffer): void {
    try {
      for (let at = 0; at < message.length; ) at += writeSync(this.fd, message, at);
    } catch (error) {
      throw explained('write', error);
    }
  }

  /** The next message; undefined when none comes within that time, or before the deadline. @throws DmfdError `system` */
  receive(milliseconds: number): Message | undefined {
    const limit = performance.now() + Math.min(milliseconds, this.deadline.left());
    for (;;) {
      const message = this.#take();
      if (message !== undefined) return message;
      const left = Math.max(0, Math.ceil(limit - performance.now()));
      if (!this.#read(Math.min(left, LONGEST_WAIT)) && left <= LONGEST_WAIT) return undefined;
    }
  }

  /** The first message of what has come, if all of it has. */
  #take(): Message | undefined {
    if (this.#received.length < HEADER_SIZE) return undefined;
    const header = decodeHeader(this.#received);
    if (header.length > LARGEST_PAYLOAD) throw failed(`it sends a message of ${header.length} bytes`);
    const end = HEADER_SIZE + header.length;
    if (this.#received.length < end) return undefined;
    const payload = this.#received.subarray(HEADER_SIZE, end);
    this.#received = this.#received.subarray(end);
    return { ...header, payload };
  }

  /** False when nothing came. */
  #read(milliseconds: number): boolean {
    const before = performance.now();
    const ready = shim.waitReadable(this.fd, milliseconds);
    countWait(performance.now() - before);
    if (ready === 0) return false;
    const part = Buffer.alloc(HEADER_SIZE + LARGEST_PAYLOAD);
    let size: number;
    try {
      size = readSync(this.fd, part);
    } catch (error) {
      throw explained('read', error);
    }
    if (size === 0) throw failed('it has closed the connection');
    this.#received = Buffer.concat([this.#received, part.subarray(0, size)]);
    return true;
  }
}

function explained(operation: string, error: unknown): unknown {
  const errno = errnoOf(error);
  if (errno === undefined) return error;
  const said = `the connection broke: ${errno.name}, ${errno.words}`;
  return failedBy(operation, errno, { said, cause: error });
}

/** The error for a xenstored that cannot be talked to. */
export function failed(what: string): DmfdError {
  return new DmfdError('xenstore-failed', `xenstore: ${what}`, { hint: HINT });
}

/** The same, where an errno tells why. */
export function failedBy(
  operation: string,
  errno: Errno,
  failure?: Pick<Failure, 'said' | 'cause'>,
): DmfdError {
  return errnoError(operation, errno, {
    ...failure,
    code: 'xenstore-failed',
    subject: 'xenstore',
    hint: HINT,
  });
}
