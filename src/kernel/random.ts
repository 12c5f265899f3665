/**
 * What nobody else has: from the kernel by way of the shim, because loading node:crypto takes longer than all the rest of a
 * creation.
 *
 * @module
 */
import { shim } from './shim.js';

const VERSION_4 = 0x40;
const VARIANT = 0x80;

function randomBytes(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  if (shim.random(bytes, size) !== 0) throw new Error('the kernel gives no random bytes');
  return bytes;
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

/** For the directory of a private device node; NUL-terminated. */
export function scratchName(): Buffer {
  return Buffer.from(`dmfd-${randomHex(8)}\0`);
}
