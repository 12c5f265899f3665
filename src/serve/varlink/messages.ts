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

/**
 * The messages that come, each ended by a NUL, as far as they come whole. A part that is read ends with what descriptors came
 * with: they belong to the last message that begins in it.
 *
 * @throws Garbled; DmfdError when the connection breaks
 */
export async function* messagesOf(
  connection: Pick<Connection, 'receive'>,
): AsyncGenerator<Message, void, undefined> {
  let begun: Buffer[] = [];
  let fds: readonly number[] = [];
  let unclaimed: readonly number[] = [];
  try {
    for (let part = await connection.receive(); part !== undefined; part = await connection.receive()) {
      unclaimed = part.fds;
      let rest = part.bytes;
      for (let end = rest.indexOf(0); end >= 0; end = rest.indexOf(0)) {
        const text = textOf([...begun, rest.subarray(0, end)]);
        rest = rest.subarray(end + 1);
        if (rest.length === 0) [fds, unclaimed] = [[...fds, ...unclaimed], []];
        const message = { text, fds };
        [begun, fds] = [[], []];
        yield message;
      }
      if (rest.length > 0) begun.push(rest);
      [fds, unclaimed] = [[...fds, ...unclaimed], []];
      if (lengthOf(begun) > LONGEST_MESSAGE) {
        throw new Garbled(`a message of more than ${LONGEST_MESSAGE} bytes`);
      }
    }
  } finally {
    for (const fd of [...fds, ...unclaimed]) shim.close(fd);
  }
}

function textOf(parts: readonly Buffer[]): string {
  const bytes = Buffer.concat(parts);
  if (!isUtf8(bytes)) throw new Garbled('a message that is not valid UTF-8');
  return bytes.toString('utf8');
}

function lengthOf(parts: readonly Buffer[]): number {
  return parts.reduce((length, part) => length + part.length, 0);
}
