/**
 * Random bytes, from the kernel by way of the shim, because loading node:crypto takes longer than all the rest of a
 * creation.
 *
 * @module
 */
import { type CString, cString } from './c-string.js';
import { shim } from './shim.js';

const VERSION_4 = 0x40;
const VARIANT = 0x80;

/** Of one call to the kernel, for several creations. */
const pool = Buffer.alloc(256);
let used = pool.length;

function randomBytes(size: number): Buffer {
  if (used + size > pool.length) {
    if (shim.random(pool, pool.length) !== 0) throw new Error('the kernel gives no random bytes');
    used = 0;
  }
  const from = used;
  used += size;
  return pool.subarray(from, used);
}

/** Two hex digits for each byte. */
export function randomHex(size: number): string {
  return randomBytes(size).toString('hex');
}

/** RFC 9562, version 4. */
export function randomUuid(): string {
  const bytes = randomBytes(16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | VERSION_4, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | VARIANT, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** For the directory of a private device node. */
export function scratchName(): CString {
  return cString(`dmfd-${randomHex(8)}`);
}
