/**
 * How a signature is told from random bytes: by checks of fields that do not overlap, each with the number of its values that
 * fit. {@link chance} follows from that.
 *
 * @module
 */

/** Some bytes of a header, and which values fit. */
export interface Check {
  /** From the place of the signature on. */
  readonly at: number;
  /** In bytes. */
  readonly size: number;
  /** How many of the field's values fit. */
  readonly fitting: number;
  readonly fits: (bytes: Buffer, at: number) => boolean;
}

/** Where a signature stands: bytes from the start, or the last multiple of `align` with `before` bytes behind it. */
export type Place = number | { readonly before: number; readonly align: number };

/** Bytes of the backing, from and to. */
export type Range = readonly [from: bigint, to: bigint];

export interface Signature {
  /** The kind of content that has it, with an article. */
  readonly what: string;
  readonly places: readonly Place[];
  readonly checks: readonly Check[];
  /** The area that its content takes of the backing, counted from its beginning; default: all. Empty: nothing is lost with it. */
  readonly takes?: (read: Read, place: bigint, bytes: bigint, blockSize: number) => readonly Range[];
}

/** Bytes of the backing at an offset; undefined where they have not been read. */
export type Read = (at: bigint, length: number) => Buffer | undefined;

/** A text, or one of several of the same length. In Latin-1: `\xba` is a byte. */
export function text(at: number, ...words: readonly string[]): Check {
  const size = words[0]?.length ?? 0;
  return {
    at,
    size,
    fitting: words.length,
    fits: (bytes, from) =>
      words.some(
        (word) => bytes[from] === word.charCodeAt(0) && bytes.toString('latin1', from, from + size) === word,
      ),
  };
}

type Values = { readonly from: number; readonly to: number } | readonly number[];

const READERS = {
  u8: [1, (bytes: Buffer, at: number) => bytes.readUInt8(at)],
  u16le: [2, (bytes: Buffer, at: number) => bytes.readUInt16LE(at)],
  u16be: [2, (bytes: Buffer, at: number) => bytes.readUInt16BE(at)],
  u32le: [4, (bytes: Buffer, at: number) => bytes.readUInt32LE(at)],
  u32be: [4, (bytes: Buffer, at: number) => bytes.readUInt32BE(at)],
} as const;

/** A number that is one of these. */
export function number(at: number, type: keyof typeof READERS, values: Values): Check {
  const [size, read] = READERS[type];
  if ('from' in values) {
    const { from, to } = values;
    const fits = (bytes: Buffer, place: number): boolean => {
      const value = read(bytes, place);
      return value >= from && value <= to;
    };
    return { at, size, fitting: to - from + 1, fits };
  }
  return { at, size, fitting: values.length, fits: (bytes, place) => values.includes(read(bytes, place)) };
}

/** The powers of two from one to another. */
export function powersOfTwo(from: number, to: number): readonly number[] {
  return from > to ? [] : [from, ...powersOfTwo(2 * from, to)];
}

/** How likely random bytes have the signature at some of its places: at most so. */
export function chance({ places, checks }: Signature): number {
  return checks.reduce((product, { size, fitting }) => (product * fitting) / 256 ** size, places.length);
}

/** How many bytes the checks look at, from the place on. */
export function extent({ checks }: Signature): number {
  return Math.max(...checks.map(({ at, size }) => at + size));
}

/** Where it begins, in a backing of so many bytes. */
export function placeIn(bytes: bigint, place: Place): bigint {
  if (typeof place === 'number') return BigInt(place);
  const align = BigInt(place.align);
  return ((bytes - BigInt(place.before)) / align) * align;
}

/** Whether the bytes, from `at` on, pass all checks. */
export function matches({ checks }: Signature, bytes: Buffer, at: number): boolean {
  return checks.every((check) => check.fits(bytes, at + check.at));
}
