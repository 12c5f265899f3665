import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkout } from '../../vm/harness/checkout.js';

/** What docs/xen.md has people write, as it stands there. */
const page = readFileSync(join(checkout, 'docs/xen.md'), 'utf8');

/** A whole disk line for xl. */
export const XL_LINE = only(found(/^ {4}disk = \[ '(.*)' \]$/gm));

/** What follows in such a line, for Qubes: a volatile volume, and a root volume that is reset. */
export const QUBES_LINES = found(/^ {4}(script=block-dmfd, target=.*)$/gm);

/** The first column of the table of targets. */
export const TARGETS = found(/^\| `([^`]+)` +\|/gm);

function found(pattern: RegExp): string[] {
  return [...page.matchAll(pattern)].map(([, text = '']) => text);
}

function only([one, ...others]: string[]): string {
  if (one === undefined || others.length > 0) throw new Error('docs/xen.md has to have one disk line for xl');
  return one;
}
