/**
 * What a line of a batch asks for. It is JSON with the properties of a {@link DeviceRequest}, and has numbers where those are
 * bigints.
 *
 * @module
 */
import { isUtf8 } from 'node:buffer';
import type { Backing } from '../backing/request.js';
import { type DeviceRequest, type Message, REQUEST_PROPERTIES } from '../device/request.js';
import { DmfdError } from '../errors.js';
import { checkProperties, isObject, TYPES } from '../properties.js';
import type { Segment } from '../segment/segment.js';

/** A device to make, or the name of one to let go of. */
export type Order = { readonly request: DeviceRequest } | { readonly release: string };

/** By what the caller knows the answer to a line; undefined where it gave nothing. */
export type LineId = string | number | undefined;

type JsonObject = Readonly<Record<string, unknown>>;

const ID = {
  words: 'a string or a number',
  fits: (value: unknown) => typeof value === 'string' || typeof value === 'number',
};

/** A listener cannot be written in JSON. */
const { onStep: _, ...PROPERTIES } = REQUEST_PROPERTIES;

const BYTE_ORDER_MARK = /^\ufeff/;

/** @throws DmfdError `usage` for what is no object in JSON */
export function parseLine(bytes: Buffer): JsonObject {
  // Bytes that are not UTF-8 would be replaced, and another file be meant.
  if (!isUtf8(bytes)) throw invalid('it is not valid UTF-8');
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8').replace(BYTE_ORDER_MARK, ''));
  } catch (error) {
    throw invalid(`it is not JSON: ${error instanceof Error ? error.message : error}`);
  }
  if (!isObject(value)) throw invalid('it is not an object: {"table":"0 8 zero"}');
  return value;
}

/** What a line has as its `id`, as far as that can be one. */
export function idOf({ id }: JsonObject): LineId {
  return ID.fits(id) ? (id as LineId) : undefined;
}

/** @throws DmfdError `usage` that names the property */
export function orderOf(line: JsonObject): Order {
  if (Object.hasOwn(line, 'release')) {
    checkProperties(line, { id: ID, release: TYPES.string }, ['release']);
    return { release: line.release as string };
  }
  const { id, ...request } = line;
  const widened = withBigints(request, '', 0) as JsonObject;
  checkProperties({ ...widened, ...(id === undefined ? {} : { id }) }, { id: ID, ...PROPERTIES });
  // The types of what is further inside are checked with the rest of the request.
  return { request: widened as unknown as DeviceRequest };
}

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
} as const satisfies Record<BigintNames<Segment | Backing | Message>, true>;

/** A request, a layer of it, a segment of that and its backing are within each other, and lists around them. */
const DEEPEST = 8;

function withBigints(value: unknown, where: string, depth: number): unknown {
  if (depth > DEEPEST) return value;
  if (Array.isArray(value))
    return value.map((element, index) => withBigints(element, `${where}[${index}]`, depth + 1));
  if (!isObject(value)) return value;
  const entries = Object.entries(value).map(([name, member]) => {
    const full = where === '' ? name : `${where}.${name}`;
    const isWide = Object.hasOwn(BIGINTS, name) && typeof member === 'number';
    return [name, isWide ? toBigint(member, full) : withBigints(member, full, depth + 1)];
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

function invalid(what: string): DmfdError {
  return new DmfdError('invalid-request', `the line is no request: ${what}`, {
    hint: 'each line is one request in JSON: {"name":"scratch","table":"0 2048 zero"}',
  });
}
