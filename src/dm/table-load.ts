import { encodeRequest, type RequestHeader } from './header.js';
import { HEADER_SIZE, TARGET_SPEC_SIZE, TARGET_TYPE_FIELD } from './protocol.js';
import type { Table, Target } from './table.js';

/**
 * A whole DM_TABLE_LOAD request. In: name or UUID, DM_READONLY_FLAG, DM_SECURE_DATA_FLAG. `next` of an entry counts from the
 * start of that entry.
 */
export function encodeTableLoad(header: RequestHeader, table: Table): Buffer {
  const size = table.reduce((sum, target) => sum + targetSize(target), 0);
  const request = encodeRequest({ ...header, targetCount: table.length }, size);
  let at = HEADER_SIZE;
  for (const target of table) at += writeTarget(request, at, target);
  return request;
}

/** Bytes that a target takes in a request: the kernel wants every entry aligned to 8. */
export function targetSize(target: Target): number {
  return (TARGET_SPEC_SIZE + Buffer.byteLength(target.params) + 1 + 7) & ~7;
}

function writeTarget(request: Buffer, at: number, target: Target): number {
  const size = targetSize(target);
  request.writeBigUInt64LE(target.start, at);
  request.writeBigUInt64LE(target.length, at + 8);
  request.writeUInt32LE(size, at + 20);
  request.write(target.type, at + 24, TARGET_TYPE_FIELD - 1, 'utf8');
  request.write(target.params, at + TARGET_SPEC_SIZE, 'utf8');
  return size;
}
