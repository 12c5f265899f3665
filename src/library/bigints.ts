import type { Backing } from '../backing/request.js';
import type { DeviceChoice } from '../device/choice.js';
import type { Message } from '../device/request.js';
import { DmfdError } from '../errors.js';
import { isObject } from '../properties.js';
import type { Segment } from '../segment/segment.js';

type BigintNames<T> = T extends unknown
  ? { [Name in keyof T]-?: Extract<T[Name], bigint> extends never ? never : Name }[keyof T]
  : never;

/** The properties that are bigints, wherever in a request they stand. */
const BIGINTS = {
  offset: true,
  size: true,
  chunk: true,
  cow: true,
  sector: true,
  diskseq: true,
} as const satisfies Record<BigintNames<Segment | Backing | Message | DeviceChoice>, true>;

/** A request, a layer of it, a segment of that and its backing are within each other, and lists around them. */
const DEEPEST = 8;

/**
 * A request that was written in JSON, with bigints where the library wants them. The types of all else are left as they are.
 *
 * @throws DmfdError `usage`, which names the property, for a number that is none
 */
export function withBigints(value: unknown): unknown {
  return widen(value, '', 0);
}

function widen(value: unknown, where: string, depth: number): unknown {
  if (depth > DEEPEST) return value;
  if (Array.isArray(value))
    return value.map((element, index) => widen(element, `${where}[${index}]`, depth + 1));
  if (!isObject(value)) return value;
  const entries = Object.entries(value).map(([name, member]) => {
    const full = where === '' ? name : `${where}.${name}`;
    const isWide = Object.hasOwn(BIGINTS, name) && typeof member === 'number';
    return [name, isWide ? toBigint(member, full) : widen(member, full, depth + 1)];
  });
  return Object.fromEntries(entries);
}

/** JSON.parse() has rounded what is larger. */
function toBigint(value: number, where: string): bigint {
  if (Number.isSafeInteger(value)) return BigInt(value);
  throw new DmfdError(
    'invalid-request',
    `property ${where} is ${value}: it must be a whole number, below 2 to the power of 53`,
  );
}
