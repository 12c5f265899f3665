import { libraryPath, shim } from './shim.js';
import { otherVersion } from './unloadable.js';

const ROOM = 4096;

let numbers: ReadonlyMap<string, number> | undefined;

/**
 * Where the fields of a struct of the shim's stand, and other numbers of its header, by their names in
 * native-shims/layout.c: the shim is asked for them at the first use, so that none is written down twice.
 *
 * @throws DmfdError `system`, when called, for a name that the shim does not have
 */
export function numbersOf<const Name extends string>(
  group: string,
  names: readonly Name[],
): () => Readonly<Record<Name, number>> {
  let found: Readonly<Record<Name, number>> | undefined;
  return () => {
    found ??= Object.fromEntries(names.map((name) => [name, numberOf(`${group}.${name}`)])) as Record<
      Name,
      number
    >;
    return found;
  };
}

function numberOf(name: string): number {
  numbers ??= parseLayout(readLayout());
  const number = numbers.get(name);
  if (number === undefined) throw otherVersion(libraryPath());
  return number;
}

function readLayout(): string {
  const text = Buffer.alloc(ROOM);
  const length = shim.layout(text, text.length);
  if (length < text.length) return text.toString('latin1', 0, length);
  const all = Buffer.alloc(length + 1);
  return all.toString('latin1', 0, Math.min(shim.layout(all, all.length), length));
}

/** Lines `name=number`. */
export function parseLayout(text: string): ReadonlyMap<string, number> {
  const lines = text.split('\n').flatMap((line) => {
    const [, name, number] = /^([\w.]+)=(-?\d+)$/.exec(line) ?? [];
    return name === undefined ? [] : [[name, Number(number)] as const];
  });
  return new Map(lines);
}
