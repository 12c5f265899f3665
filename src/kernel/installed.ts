import { fileURLToPath } from 'node:url';

/** The path of a file that belongs to dmfd, from its top folder on; the bundle has a way of its own (packaging/bundle.config.mjs). */
export function installed(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}
