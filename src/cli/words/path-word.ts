import { usageError } from '../usage-error.js';

/** The keys that a word may have after its path: whether each wants a value. */
export type Keys = Readonly<Record<string, 'value' | 'flag'>>;

/** `PATH[,key=value…]`, parted. */
export interface PathWord {
  readonly path: string;
  /** In the order of the word; a flag's value is empty. */
  readonly keys: ReadonlyMap<string, string>;
}

/**
 * Parts `PATH[,key=value…]`. A comma in the path, or in a value, is written twice.
 *
 * @param option the word's option, for messages
 * @throws DmfdError `usage` that says which part of the word is wrong
 */
export function parsePathWord(option: string, word: string, known: Keys): PathWord {
  const where = `${option} ${word}`;
  const [path = '', ...rest] = partsOf(word);
  if (path === '') throw usageError(`${where}: it begins with no path`, `as in ${option} disk.img`);
  if (path.includes('\0')) throw usageError(`${where}: a NUL byte stands in it`);
  const keys = new Map<string, string>();
  for (const part of rest) {
    const { key, value } = parseKey(where, word, part, known);
    if (keys.has(key)) throw usageError(`${where}: ${key} stands there twice`);
    keys.set(key, value);
  }
  return { path, keys };
}

/** At single commas; two are one that parts nothing. */
function partsOf(word: string): string[] {
  const parts = [''];
  for (const piece of word.split(/(,,?)/)) {
    if (piece === ',') parts.push('');
    else parts.push(`${parts.pop()}${piece === ',,' ? ',' : piece}`);
  }
  return parts;
}

function parseKey(
  where: string,
  word: string,
  part: string,
  known: Keys,
): { readonly key: string; readonly value: string } {
  const at = part.indexOf('=');
  const key = at < 0 ? part : part.slice(0, at);
  const kind = Object.hasOwn(known, key) ? known[key] : undefined;
  if (kind === undefined) {
    throw usageError(
      `${where}: after the comma stands ${JSON.stringify(part)}, which is no key`,
      `the keys are ${listKeys(known)}; a comma in a path is written twice: ${word.replaceAll(',', ',,')}`,
    );
  }
  if (kind === 'flag' && at >= 0) throw usageError(`${where}: ${key} takes no value`, `write ${key} alone`);
  if (kind === 'value' && at < 0) throw usageError(`${where}: ${key} needs a value`, `write ${key}=…`);
  if (kind === 'value' && at === part.length - 1) throw usageError(`${where}: nothing stands after ${key}=`);
  return { key, value: part.slice(key.length + 1) };
}

function listKeys(known: Keys): string {
  return Object.entries(known)
    .map(([key, kind]) => (kind === 'flag' ? key : `${key}=`))
    .join(' ');
}
