import { randomBytes } from 'node:crypto';
import { SCRATCH_FIELD } from './layout.js';

/** A name that nobody else has, NUL-terminated, for the directory of a private device node. */
export function scratchName(): Buffer {
  const name = Buffer.alloc(SCRATCH_FIELD);
  name.write(`dmfd-${randomBytes(8).toString('hex')}`);
  return name;
}
