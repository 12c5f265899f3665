import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout's top directory: this file runs from test/ and, compiled, from build/test/. */
export const checkout = findCheckout(dirname(fileURLToPath(import.meta.url)));

function findCheckout(directory: string): string {
  if (existsSync(join(directory, 'package-lock.json'))) return directory;
  const parent = dirname(directory);
  if (parent === directory) throw new Error('the harness is not inside a checkout');
  return findCheckout(parent);
}

/** A file of test/vm, in the checkout. */
export function vmFile(...parts: string[]): string {
  return join(checkout, 'test', 'vm', ...parts);
}
