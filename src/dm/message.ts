import type { DeviceNumber } from './device-number.js';
import { encodeRequest } from './header.js';
import { HEADER_SIZE } from './protocol.js';

/** Bytes of the sector in front of the text, in `struct dm_target_msg`. */
const TEXT_AT = 8;

/** A whole DM_TARGET_MSG request. In: number. The kernel parts the text at its blanks. */
export function encodeMessage(dev: DeviceNumber, { sector, text }: { sector: bigint; text: string }): Buffer {
  const request = encodeRequest({ dev }, TEXT_AT + Buffer.byteLength(text) + 1);
  request.writeBigUInt64LE(sector, HEADER_SIZE);
  request.write(text, HEADER_SIZE + TEXT_AT);
  return request;
}
