import { type BigIntStats, type PathLike, statSync } from 'node:fs';

/** What stat(2) says of the file that a path leads to; undefined for what cannot be looked at, for whatever reason. */
export function statIfThere(path: PathLike): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true });
  } catch {
    return undefined;
  }
}
