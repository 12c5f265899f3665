/**
 * xenstore's protocol (xen/io/xs_wire.h) as functions on bytes: a header of four numbers, then the payload.
 *
 * @module
 */
import { constants } from 'node:os';

export const MESSAGES = {
  DIRECTORY: 1,
  READ: 2,
  WATCH: 4,
  TRANSACTION_START: 6,
  TRANSACTION_END: 7,
  WRITE: 11,
  RM: 13,
  WATCH_EVENT: 15,
  ERROR: 16,
  DIRECTORY_PART: 22,
} as const;

export type MessageName = keyof typeof MESSAGES;

export const HEADER_SIZE = 16;
/** Bytes that a payload may have. */
export const LARGEST_PAYLOAD = 4096;

export interface Header {
  readonly type: number;
  /** Which request it answers. */
  readonly request: number;
  readonly transaction: number;
  /** Bytes of the payload. */
  readonly length: number;
}

export function encodeMessage(
  { type, request, transaction }: Omit<Header, 'length'>,
  payload: Buffer,
): Buffer {
  const header = Buffer.alloc(HEADER_SIZE);
  header.writeUInt32LE(type, 0);
  header.writeUInt32LE(request, 4);
  header.writeUInt32LE(transaction, 8);
  header.writeUInt32LE(payload.length, 12);
  return Buffer.concat([header, payload]);
}

export function decodeHeader(bytes: Buffer): Header {
  return {
    type: bytes.readUInt32LE(0),
    request: bytes.readUInt32LE(4),
    transaction: bytes.readUInt32LE(8),
    length: bytes.readUInt32LE(12),
  };
}

/** Words with a NUL after each. */
export function encodeWords(...words: readonly string[]): Buffer {
  return Buffer.from(words.map((word) => `${word}\0`).join(''));
}

export function decodeWords(payload: Buffer): string[] {
  const words = payload.toString().split('\0');
  return words.at(-1) === '' ? words.slice(0, -1) : words;
}

/** The number of the errno that an error names; EINVAL for a name that this machine does not have. */
export function decodeError(payload: Buffer): number {
  const name = decodeWords(payload)[0] ?? '';
  return Object.entries(constants.errno).find(([known]) => known === name)?.[1] ?? constants.errno.EINVAL;
}
