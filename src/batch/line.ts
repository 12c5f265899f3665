/**
 * A request of a batch. It is JSON with the properties of a {@link DeviceRequest}, and has numbers where those are
 * bigints.
 *
 * @module
 */
import { isUtf8 } from 'node:buffer';
import { type DeviceRequest, REQUEST_PROPERTIES } from '../device/request.js';
import { DmfdError } from '../errors.js';
import { withBigints } from '../library/bigints.js';
import { checkProperties, isObject, TYPES } from '../properties.js';

/** A device to make, or the name of one to let go of. */
export type Order = { readonly request: DeviceRequest } | { readonly release: string };

/** By what the caller knows the answer to a line; undefined where it gave nothing. */
export type LineId = string | number | undefined;

type JsonObject = Readonly<Record<string, unknown>>;

const ID = {
  words: 'a string, or a number that is not above 2^53',
  // A greater one would be answered as another one.
  fits: (value: unknown) =>
    typeof value === 'string' || (typeof value === 'number' && Math.abs(value) <= Number.MAX_SAFE_INTEGER),
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

/** The `id` of a line, if it is a string or a number. */
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
  const widened = withBigints(request) as JsonObject;
  checkProperties({ ...widened, ...(id === undefined ? {} : { id }) }, { id: ID, ...PROPERTIES });
  // The types of what is further inside are checked with the rest of the request.
  return { request: widened as unknown as DeviceRequest };
}

function invalid(what: string): DmfdError {
  return new DmfdError('invalid-request', `the line is no request: ${what}`, {
    hint: 'each line is one request in JSON: {"name":"scratch","table":"0 2048 zero"}',
  });
}
