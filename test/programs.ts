import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { checkout } from './vm/harness/checkout.js';

/** A C program of the tests, built by programs.mk; the guest has it at the same path. */
export function program(name: string): string {
  const path = join(checkout, 'build/test/bin', name);
  if (!existsSync(path))
    throw new Error(`${path} is not there; make it with: make test-programs bench-programs`);
  return path;
}
