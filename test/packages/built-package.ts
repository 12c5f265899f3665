import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { checkout } from '../vm/harness/checkout.js';

/** The package that `make package` has made whose name ends so. */
export function builtPackage(ending: string): string {
  const packages = join(checkout, 'build/packages');
  const [name = 'none: make package'] = readdirSync(packages).filter((entry) => entry.endsWith(ending));
  return join(packages, name);
}
