import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** A directory in the cache outside the checkout, where downloads and builds are kept; it is made. */
export function cacheDirectory(...parts: string[]): string {
  const root =
    process.env.DMFD_CACHE || join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'dmfd');
  const directory = join(root, ...parts);
  mkdirSync(directory, { recursive: true });
  return directory;
}
