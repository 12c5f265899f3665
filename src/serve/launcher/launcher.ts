import { constants } from 'node:os';
import { commandAt } from '../../handoff/command.js';
import type { EncodedCommand, OwnedDescriptor, Served } from '../../handoff/served.js';
import { numbersOf } from '../../kernel/layout.js';
import { shim } from '../../kernel/shim.js';
import type { Question } from './question.js';

const answerAt = numbersOf('answer', ['bytes', 'kind', 'size', 'value', 'received']);
const replyAt = numbersOf('reply', ['bytes', 'result', 'reached_execve']);
const kinds = numbersOf('answer_kind', ['declined', 'write', 'end', 'start', 'exec']);

/** Milliseconds within which a launcher says what became of a command; a process that is stopped says nothing. */
const PATIENCE = 2000;
/** Bytes of text that a launcher is given at a time: they fit the socket's buffer, so that only its reply is waited for. */
const PIECE = 65536;
/** Milliseconds after which a reader is slow, and once more each time. */
const SLOW = 1000;

/** A launcher at the other end of a connection: what it is told to do, in native-shims/launcher/obey.c. */
export class Launcher implements Served {
  readonly pid: number;
  readonly state: Served['state'];
  readonly words: Served['words'];
  readonly environment: Served['environment'];
  readonly columns: number;
  readonly #connection: number;
  readonly #terminals: number;
  readonly #beforeEnd: () => void;
  readonly #whenSlow: () => void;
  #hasTold = false;

  /**
   * @param beforeEnd lets go of all that is the launcher's, before it goes on by itself
   * @param whenSlow is called in each second of a wait for the launcher's reader
   */
  constructor(
    connection: number,
    { pid, state, words, environment, terminals, columns }: Question,
    beforeEnd: () => void,
    whenSlow: () => void,
  ) {
    this.pid = pid;
    this.state = state;
    this.words = words;
    this.environment = environment;
    this.columns = columns;
    this.#connection = connection;
    this.#terminals = terminals;
    this.#beforeEnd = beforeEnd;
    this.#whenSlow = whenSlow;
  }

  /** Whether it was told to write something, or to run the command: then there is no way back. */
  get hasTold(): boolean {
    return this.#hasTold;
  }

  isTerminal(fd: number): boolean {
    return ((this.#terminals >> fd) & 1) === 1;
  }

  write(fd: number, bytes: Buffer): void {
    this.#hasTold = true;
    let at = 0;
    do {
      this.#writePiece(fd, bytes.subarray(at, at + PIECE));
      at += PIECE;
    } while (at < bytes.length);
  }

  #writePiece(fd: number, bytes: Buffer): void {
    this.#send(kinds().write, { size: bytes.length, value: fd });
    this.#sendRest(bytes);
    const reply = Buffer.alloc(replyAt().bytes);
    const receive = (): number => shim.receiveReply(this.#connection, reply, SLOW);
    let received = receive();
    while (received === -constants.errno.ETIMEDOUT) {
      this.#whenSlow();
      received = receive();
    }
    if (received !== 1) throw systemError(constants.errno.EPIPE);
    const result = reply.readInt32LE(replyAt().result);
    if (result < 0) throw systemError(-result);
  }

  run(kind: 'start' | 'exec', encoded: EncodedCommand, descriptors: readonly OwnedDescriptor[]): number {
    const { header, strings } = encoded;
    const at = commandAt();
    const count = header.readUInt32LE(at.descriptor_count);
    const table = encoded.descriptors.subarray(0, count * descriptorAt().bytes);
    this.#beforeEnd();
    const [first = -1, second = -1] = descriptors.map(({ fd }) => fd);
    const size = header.length + table.length + strings.length;
    try {
      this.#send(kinds()[kind], { size, received: descriptors.length }, first, second);
    } finally {
      // Before the launcher has all that it needs: the command finds itself the only one that has the device.
      for (const descriptor of descriptors) descriptor.close();
    }
    this.#sendRest(Buffer.concat([header, table, strings]));
    const reply = Buffer.alloc(replyAt().bytes);
    if (shim.receiveReply(this.#connection, reply, PATIENCE) !== 1) return 0;
    // It is not any more as its caller made it: it cannot become Node.
    this.#hasTold = true;
    header.writeUInt32LE(reply.readUInt32LE(replyAt().reached_execve), at.reached_execve);
    return reply.readInt32LE(replyAt().result);
  }

  /** It has to do everything itself. */
  decline(): void {
    this.#beforeEnd();
    this.#send(kinds().declined, {});
  }

  end(status: number): void {
    this.#beforeEnd();
    this.#send(kinds().end, { value: status });
  }

  #send(kind: number, { size = 0, value = 0, received = 0 }: Head, first = -1, second = -1): void {
    const at = answerAt();
    const head = Buffer.alloc(at.bytes);
    head.writeUInt32LE(kind, at.kind);
    head.writeUInt32LE(size, at.size);
    head.writeInt32LE(value, at.value);
    head.writeUInt32LE(received, at.received);
    check(shim.answer(this.#connection, head, first, second));
  }

  #sendRest(bytes: Buffer): void {
    if (bytes.length > 0) check(shim.answerRest(this.#connection, bytes, bytes.length));
  }
}

interface Head {
  readonly size?: number;
  readonly value?: number;
  readonly received?: number;
}

const descriptorAt = numbersOf('descriptor', ['bytes']);

function check(result: number): void {
  if (result < 0) throw systemError(-result);
}

/** As Node's own file functions throw it. */
function systemError(errno: number): Error {
  return Object.assign(new Error(`errno ${errno} of a launcher`), { errno: -errno });
}
