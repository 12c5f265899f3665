import { numbersOf } from '../../kernel/layout.js';
import { shim } from '../../kernel/shim.js';

export const editionAt = numbersOf('edition', ['bytes']);

/** Of the file that is at this path now, as a launcher tells it of its command line; empty where there is none. */
export function editionOf(path: string): Buffer {
  const edition = Buffer.alloc(editionAt().bytes);
  return shim.edition(Buffer.from(`${path}\0`), edition) < 0 ? Buffer.alloc(0) : edition;
}
