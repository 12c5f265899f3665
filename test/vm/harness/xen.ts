import { join } from 'node:path';
import { checkout } from './checkout.js';
import { commandOutput } from './command-output.js';

/** The directory of Debian's Xen packages, which the host need not have installed. */
export async function unpackedXen(): Promise<string> {
  return (await commandOutput(join(checkout, 'test/xen/fetch.sh'))).trim();
}
