import { DmfdError } from '../errors.js';

/** The disk that a line describes. All paths are absolute. */
export type DiskParams =
  /** A file, through a loop device; or a block device as it is. */
  | { readonly form: 'path'; readonly path: string }
  /** A writable view of `base`; what is written goes to `cow`, or to a file without a name, and is lost with the device. */
  | { readonly form: 'overlay'; readonly base: string; readonly cow: string | undefined }
  /** Encrypted with a new random key. */
  | { readonly form: 'crypt'; readonly path: string }
  /** An overlay whose `cow` is encrypted with a new random key. */
  | { readonly form: 'crypt-overlay'; readonly base: string; readonly cow: string }
  /** A device of the lines in a file. */
  | { readonly form: 'table'; readonly file: string }
  /** A snapshot that is kept in `cow`, and perhaps one on top of that, in `top`. */
  | {
      readonly form: 'snapshot';
      readonly base: string;
      readonly cow: string;
      readonly top: string | undefined;
    };

/** How `params` are written. */
export type Syntax = 'dmfd' | 'block-snapshot';

const FORMS: Readonly<Record<Syntax, string>> = {
  dmfd: 'PATH, overlay:BASE, overlay:BASE:COW, crypt:PATH, crypt-overlay:BASE:COW or table:FILE',
  'block-snapshot': 'BASE:COW or BASE:COW:COW2',
};

/**
 * Reads the node `params`. Parts are separated by colons; in a path, `\:` is a colon and `\\` a backslash.
 *
 * @throws DmfdError `usage`
 */
export function parseParams(text: string, syntax: Syntax): DiskParams {
  const wrong = (what: string): DmfdError =>
    new DmfdError('xen-disk-invalid', `params ${JSON.stringify(text)}: ${what}`, {
      hint: `it has to be ${FORMS[syntax]}; in a path, a colon is written as \\:, and a backslash as \\\\`,
    });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
  if (/[\x00-\x1f\x7f]/.test(text)) throw wrong('there are control characters in it');
  const parts = splitParts(text);
  if (parts === undefined)
    throw wrong('a backslash stands before something else than a colon or a backslash');
  const params = syntax === 'dmfd' ? formOf(parts) : snapshotOf(parts);
  if (params === undefined) throw wrong(`it is not ${FORMS[syntax]}`);
  const relative = Object.entries(params).find(
    ([name, path]) => name !== 'form' && path !== undefined && !path.startsWith('/'),
  );
  if (relative !== undefined) throw wrong(`${JSON.stringify(relative[1])} is not an absolute path`);
  return params;
}

/** At colons that have no backslash before them; undefined where a backslash stands before anything else. */
function splitParts(text: string): string[] | undefined {
  const parts = [''];
  for (const [token] of text.matchAll(/\\.?|:|[^\\:]+/gs)) {
    if (token === ':') parts.push('');
    else if (token === '\\:' || token === '\\\\') parts.push(parts.pop() + token.slice(1));
    else if (token.startsWith('\\')) return undefined;
    else parts.push(parts.pop() + token);
  }
  return parts;
}

function formOf([first = '', ...rest]: readonly string[]): DiskParams | undefined {
  const [one, two] = rest;
  if (rest.length === 0) return { form: 'path', path: first };
  if (one === undefined || rest.length > 2) return undefined;
  if (first === 'overlay') return { form: 'overlay', base: one, cow: two };
  if (first === 'crypt-overlay' && two !== undefined) return { form: 'crypt-overlay', base: one, cow: two };
  if (two !== undefined) return undefined;
  if (first === 'crypt') return { form: 'crypt', path: one };
  if (first === 'table') return { form: 'table', file: one };
  return undefined;
}

function snapshotOf([base, cow, top, ...rest]: readonly string[]): DiskParams | undefined {
  if (base === undefined || cow === undefined || rest.length > 0) return undefined;
  return { form: 'snapshot', base, cow, top };
}
