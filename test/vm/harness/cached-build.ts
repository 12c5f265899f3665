import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDirectory } from './cache.js';

/**
 * Returns a built file from the cache, named by a hash of everything it is made from, and builds it when
 * it is not there. Two processes at once both build; the rename makes that harmless.
 */
export async function cachedBuild(
  name: string,
  inputs: readonly (string | Buffer)[],
  build: (output: string) => Promise<unknown>,
): Promise<string> {
  const hash = createHash('sha256');
  for (const input of inputs) hash.update(`${input.length}:`).update(input);
  const file = join(cacheDirectory('built'), `${name}-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(file)) return file;

  const unfinished = `${file}.${process.pid}`;
  try {
    await build(unfinished);
    renameSync(unfinished, file);
  } finally {
    rmSync(unfinished, { force: true });
  }
  return file;
}

/** The contents of a directory's files, in order of their names. */
export function fileContents(directory: string, ending = ''): Buffer[] {
  const names = readdirSync(directory).filter((name) => name.endsWith(ending));
  return names.sort().map((name) => readFileSync(join(directory, name)));
}
