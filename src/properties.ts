import { DmfdError } from './errors.js';

/** The type of a request's property: in words, and as a check. */
export interface Type {
  readonly words: string;
  readonly fits: (value: unknown) => boolean;
  /** What was given instead may be a key, or have one in it, and is not told. */
  readonly isHidden?: true;
}

const isString = (value: unknown): boolean => typeof value === 'string';
const listOf = (fits: (value: unknown) => boolean) => (value: unknown) =>
  // every() passes over holes.
  Array.isArray(value) && Array.from(value).every(fits);
const isLabelled = (value: unknown): boolean =>
  isObject(value) && isString(value.label) && isString(value.text);

/** The types that properties have. */
export const TYPES = {
  string: { words: 'a string', fits: isString },
  objects: { words: 'an array of objects', fits: listOf((value) => isObject(value)), isHidden: true },
  strings: { words: 'an array of strings', fits: listOf(isString) },
  number: { words: 'a number', fits: (value) => typeof value === 'number' },
  finite: { words: 'a finite number', fits: (value) => Number.isFinite(value) },
  count: {
    words: 'a whole number, at least 0',
    fits: (value) => Number.isSafeInteger(value) && Number(value) >= 0,
  },
  partition: {
    words: 'a number or a string',
    fits: (value) => typeof value === 'number' || isString(value),
  },
  bigint: { words: 'a bigint', fits: (value) => typeof value === 'bigint' },
  boolean: { words: 'true or false', fits: (value) => typeof value === 'boolean' },
  signal: { words: 'an AbortSignal', fits: (value) => value instanceof AbortSignal },
  function: { words: 'a function', fits: (value) => typeof value === 'function' },
  table: {
    words: 'a string, or an array of strings and of { label, text }',
    fits: (value) => isString(value) || listOf((part) => isString(part) || isLabelled(part))(value),
    isHidden: true,
  },
  key: {
    words: '{ random: BITS }, { file: PATH } or { fd: NUMBER }',
    fits: (value) =>
      isObject(value) &&
      Object.keys(value).length === 1 &&
      (typeof value.random === 'number' || isString(value.file) || typeof value.fd === 'number'),
    isHidden: true,
  },
} as const satisfies Readonly<Record<string, Type>>;

/** One of several words. */
export function oneOf(words: readonly string[]): Type {
  const quoted = words.map((word) => JSON.stringify(word));
  return {
    words: `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`,
    fits: (value) => words.some((word) => word === value),
  };
}

/**
 * Checks that a request has properties of the right types, and no others; undefined is as good as absent.
 *
 * @param where the property whose value it is, for an object in a request
 * @throws DmfdError `usage` that names the property
 */
export function checkProperties(
  request: unknown,
  types: Readonly<Record<string, Type>>,
  required: readonly string[] = [],
  where?: string,
): void {
  for (const name of Object.keys(asObject(request, where))) {
    if (Object.hasOwn(types, name)) continue;
    const full = JSON.stringify(inFull(name, where));
    throw invalid(`property ${full}: there is none of that name`, Object.keys(types));
  }
  checkSome(request, types, required, where);
}

/** As {@link checkProperties}, where others may be there, too: of a device, its number may be enough. */
export function checkSome(
  value: unknown,
  types: Readonly<Record<string, Type>>,
  required: readonly string[] = [],
  where?: string,
): void {
  const request = asObject(value, where);
  // By the names that are read, for a property may be inherited.
  for (const [name, type] of Object.entries(types)) {
    const property = request[name];
    if (property === undefined) continue;
    const full = inFull(name, where);
    if (!type.fits(property)) {
      const shown = type.isHidden ? kindOf(property) : show(property);
      throw invalid(`property ${full} is ${shown}: it must be ${type.words}`);
    }
    if (!isWellFormed(property)) throw invalid(`property ${full}: ${ILL_FORMED}`);
  }
  for (const name of required) {
    if (request[name] !== undefined) continue;
    throw invalid(`property ${inFull(name, where)} is missing: it must be ${types[name]?.words}`);
  }
}

const ILL_FORMED = 'half of a surrogate pair stands in it, which is no character';

/** A label and its text are in an object, and that in a list. What else is that far inside is checked as a property of its own. */
const DEEPEST = 2;

/** Half of a surrogate pair is no UTF-8: the kernel would be given U+FFFD in its place, the name of another file. */
function isWellFormed(value: unknown, depth = 0): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (depth === DEEPEST) return true;
  if (Array.isArray(value)) return value.every((element) => isWellFormed(element, depth + 1));
  return !isObject(value) || Object.values(value).every((member) => isWellFormed(member, depth + 1));
}

function asObject(value: unknown, where: string | undefined): Readonly<Record<string, unknown>> {
  if (isObject(value)) return value;
  const what = where === undefined ? 'the request' : `property ${where}`;
  throw invalid(`${what} is ${show(value)}: it must be an object`);
}

function inFull(name: string, where: string | undefined): string {
  return where === undefined ? name : `${where}.${name}`;
}

/** A copy with these properties, inherited ones too, where they are not undefined. */
export function copyOf<T extends object>(value: T, names: readonly string[]): T {
  const entries = names.map((name) => [name, value[name as keyof T]] as const);
  return Object.fromEntries(entries.filter(([, property]) => property !== undefined)) as T;
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function show(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'number') return String(value);
  if (typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`;
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return 'an object';
  }
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function invalid(message: string, names?: readonly string[]): DmfdError {
  const hint = names && `a request may have: ${names.join(', ')}`;
  return new DmfdError('invalid-request', message, { hint });
}
