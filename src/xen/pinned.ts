import { closeSync } from 'node:fs';
import { pinBacking } from '../backing/open.js';
import { DmfdError, detailsOf } from '../errors.js';
import type { DiskParams } from './params.js';
import { type Layer, type TableReader, tableLayers, withNumbers } from './table-layers.js';

/** What a disk line names, by paths that lead to that alone; a table, by the numbers of devices. */
export type PinnedParams = NamingParams | { readonly form: 'table'; readonly layers: readonly Layer[] };

/** Those that name all files and devices themselves. */
export type NamingParams = Exclude<DiskParams, { readonly form: 'table' }>;

/** Puts the paths of the disk line where a text has those by which its files are pinned. */
export type AsWritten = (text: string) => string;

/**
 * Does something with what a disk line names now: in the params that it gets, paths lead to that, whatever the line's own, or its table's, lead to
 * meanwhile. So what is checked is what is used. Errors have the line's paths.
 *
 * @throws DmfdError `usage` for a path that leads to neither a file nor a block device
 */
export function withPinned<T>(
  params: DiskParams,
  readTable: TableReader,
  use: (pinned: PinnedParams, asWritten: AsWritten) => T,
): T {
  const pins = new Map<number, string>();
  const pin = (path: string, what: string): string => {
    const fd = pinBacking(path, `${what} ${JSON.stringify(path)}`);
    pins.set(fd, path);
    return `/proc/self/fd/${fd}`;
  };
  const asWritten = (text: string): string =>
    text.replace(/("?)\/proc\/self\/fd\/(\d+)\b\1/g, (pinned, quote, fd) => {
      const path = pins.get(Number(fd));
      if (path === undefined) return pinned;
      return quote === '' ? path : JSON.stringify(path);
    });
  try {
    const pinned: PinnedParams =
      params.form === 'table'
        ? { form: 'table', layers: tableLayers(withNumbers(readTable(params.file))) }
        : withPaths(params, pin);
    return use(pinned, asWritten);
  } catch (error) {
    throw error instanceof DmfdError ? translated(error, asWritten) : error;
  } finally {
    for (const fd of pins.keys()) closeSync(fd);
  }
}

/** The same line with other paths. */
function withPaths(params: NamingParams, to: (path: string, what: string) => string): NamingParams {
  switch (params.form) {
    case 'path':
      return { ...params, path: to(params.path, 'disk') };
    case 'crypt':
      return { ...params, path: to(params.path, 'crypt') };
    case 'overlay': {
      const { base, cow } = params;
      return { ...params, base: to(base, 'overlay'), cow: cow === undefined ? undefined : to(cow, 'cow') };
    }
    case 'crypt-overlay':
      return { ...params, base: to(params.base, 'overlay'), cow: to(params.cow, 'cow') };
    case 'snapshot': {
      const { base, cow, top } = params;
      const file = (path: string) => to(path, 'loop file');
      return { ...params, base: file(base), cow: file(cow), top: top === undefined ? undefined : file(top) };
    }
  }
}

function translated(error: DmfdError, asWritten: AsWritten): DmfdError {
  const { code, message, operation, hint } = error;
  return new DmfdError(code, asWritten(message), {
    ...detailsOf(error),
    operation: operation === undefined ? undefined : asWritten(operation),
    hint: hint === undefined ? undefined : asWritten(hint),
  });
}
