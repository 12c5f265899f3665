/**
 * A text of arbitrary bytes without NUL, one character (U+0000 to U+00FF) a byte: paths, arguments and environment
 * variables need not be UTF-8, and a wrapper passes them on as they are.
 */
export type Bytes = string;

export function bytesOf(text: string): Bytes {
  return Buffer.from(text, 'utf8').toString('latin1');
}

export function toBuffer(bytes: Bytes): Buffer {
  return Buffer.from(bytes, 'latin1');
}

/** For people to read. */
export function show(bytes: Bytes): string {
  return toBuffer(bytes).toString('utf8');
}
