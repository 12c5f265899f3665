import { isUtf8 } from 'node:buffer';
import { shim } from '../../kernel/shim.js';
import type { Connection } from '../connection.js';

/** A message as it came: a text, and the descriptors with it, which the receiver closes. */
export interface Message {
  readonly text: string;
  readonly fds: readonly number[];
}

/** A message that cannot be understood, so that no later one can. */
export class Garbled extends Error {}

/** Bytes; a table of 100,000 lines is shorter. */
export const LONGEST_MESSAGE = 16 * 1024 * 1024;

/** With one message: as many as come with one part (native-shims/serve/serve.h). No method wants more than a few. */
export const MOST_DESCRIPTORS = 32;

/**
 * The messages that come, each ended by a NUL, as far as they come whole. A part that is read ends with what descriptors came
 * with: they belong to the last message that begins in it.
 *
 * @throws Garbled; DmfdError when the connection breaks
 */
export async function* messagesOf(
  connection: Pick<Connection, 'receive'>,
): AsyncGenerator<Message, void, undefined> {
  const begun = new Begun();
  let fds: readonly number[] = [];
  let unclaimed: readonly number[] = [];
  const claim = (): void => {
    [fds, unclaimed] = [[...fds, ...unclaimed], []];
    if (fds.length > MOST_DESCRIPTORS)
      throw new Garbled(`a message with more than ${MOST_DESCRIPTORS} descriptors`);
  };
  try {
    for (let part = await connection.receive(); part !== undefined; part = await connection.receive()) {
      unclaimed = part.fds;
      let rest = part.bytes;
      for (let end = rest.indexOf(0); end >= 0; end = rest.indexOf(0)) {
        begun.add(rest.subarray(0, end));
        const text = textOf(begun.take());
        rest = rest.subarray(end + 1);
        if (rest.length === 0) claim();
        const message = { text, fds };
        fds = [];
        yield message;
      }
      begun.add(rest);
      claim();
      if (begun.length > LONGEST_MESSAGE) {
        throw new Garbled(`a message of more than ${LONGEST_MESSAGE} bytes`);
      }
    }
  } finally {
    for (const fd of [...fds, ...unclaimed]) shim.close(fd);
  }
}

/**
 * A message as far as it has come. Its bytes are copied, since a part of one byte keeps the whole buffer that it was received
 * into; and into room that doubles, so that many small parts take no longer than a few large ones.
 */
class Begun {
  #room = Buffer.alloc(0);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(part: Buffer): void {
    const length = this.#length + part.length;
    if (length > this.#room.length) {
      const room = Buffer.allocUnsafe(2 * length);
      this.#room.copy(room, 0, 0, this.#length);
      this.#room = room;
    }
    part.copy(this.#room, this.#length);
    this.#length = length;
  }

  /** All of it; what comes next begins another one. */
  take(): Buffer {
    const bytes = this.#room.subarray(0, this.#length);
    this.#room = Buffer.alloc(0);
    this.#length = 0;
    return bytes;
  }
}

function textOf(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw new Garbled('a message that is not valid UTF-8');
  return bytes.toString('utf8');
}
