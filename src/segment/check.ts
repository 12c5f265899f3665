import { type Backing, checkBacking } from '../backing/request.js';
import { DmfdError } from '../errors.js';
import { checkProperties, copyOf, isObject, oneOf, TYPES, type Type } from '../properties.js';
import type { BackingName } from './segment.js';

const SECTOR = 512n;

const isBacking = (value: unknown): boolean => typeof value === 'string' || isObject(value);

/** The types of properties that only segments have. */
export const SEGMENT_TYPES = {
  backing: { words: 'a path, or an object with one', fits: isBacking },
  backings: {
    words: 'an array of paths, or of objects with one',
    fits: (value) => Array.isArray(value) && value.length > 0 && Array.from(value).every(isBacking),
  },
  backingOrSize: {
    words: 'a path, an object with one, or a bigint',
    fits: (value) => isBacking(value) || typeof value === 'bigint',
  },
  objects: {
    words: 'an array of objects and strings',
    fits: (value) =>
      Array.isArray(value) && Array.from(value).every((one) => isObject(one) || typeof one === 'string'),
  },
} as const satisfies Readonly<Record<string, Type>>;

/** Checks one segment of a request; messages name its properties in full, `segments[0].chunk`. */
export class SegmentCheck {
  readonly #where: string;

  constructor(where: string) {
    this.#where = where;
  }

  /** A copy of it, which has properties of the right types, and no others. @throws DmfdError `usage`, as all of these */
  properties<S extends object>(
    segment: S,
    types: Readonly<Record<string, Type>>,
    required: readonly string[],
  ): S {
    const all = { target: TYPES.string, ...types };
    checkProperties(segment, all, required, this.#where);
    return copyOf(segment, Object.keys(all));
  }

  target(segment: unknown, targets: readonly string[]): void {
    const target = isObject(segment) ? segment.target : undefined;
    checkProperties(
      isObject(segment) ? { target } : segment,
      { target: oneOf(targets) },
      ['target'],
      this.#where,
    );
  }

  backing(name: string, value: BackingName): Backing {
    return checkBacking(value, `${this.#where}.${name}`);
  }

  /** Bytes that are whole sectors, and not none. */
  size(name: string, bytes: bigint): bigint {
    if (bytes > 0n && bytes % SECTOR === 0n) return bytes;
    throw this.wrong(name, `${bytes}n: it must be a multiple of ${SECTOR}, and more than 0`);
  }

  /** A whole number in these limits; undefined is not checked. */
  count(name: string, value: number | undefined, least: number, most: number): void {
    if (value === undefined || (Number.isSafeInteger(value) && value >= least && value <= most)) return;
    throw this.wrong(name, `${value}: it must be a whole number from ${least} to ${most}`);
  }

  /** @param what begins with the value */
  wrong(name: string, what: string, hint?: string): DmfdError {
    return new DmfdError('invalid-request', `property ${this.#where}.${name} is ${what}`, { hint });
  }
}
