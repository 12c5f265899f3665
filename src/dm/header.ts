import { DmfdError } from '../errors.js';
import { type DeviceNumber, decodeHugeDevice, encodeHugeDevice } from './device-number.js';
import { mangle, showName } from './mangling.js';
import { HEADER_OFFSETS as AT, HEADER_SIZE, INTERFACE_VERSION, NAME_FIELD, UUID_FIELD } from './protocol.js';

/** The header of a request. A device is named by its number, its name or its UUID, never by two (but to create). */
export interface RequestHeader {
  readonly dev?: DeviceNumber;
  readonly name?: string;
  readonly uuid?: string;
  readonly flags?: number;
  readonly eventNr?: number;
  readonly targetCount?: number;
}

/** The header of a reply. */
export interface ReplyHeader {
  readonly version: readonly [number, number, number];
  /** Bytes of the whole reply, header included. */
  readonly dataSize: number;
  /** Where the reply's data starts, from its first byte. */
  readonly dataStart: number;
  readonly targetCount: number;
  readonly openCount: number;
  readonly flags: number;
  readonly eventNr: number;
  readonly dev: DeviceNumber;
  readonly name: string;
  readonly uuid: string;
}

/** A request with room for `dataSize` bytes behind its header, those of the request or of the reply. */
export function encodeRequest(header: RequestHeader, dataSize = 0): Buffer {
  const request = Buffer.alloc(HEADER_SIZE + dataSize);
  INTERFACE_VERSION.forEach((part, index) => {
    request.writeUInt32LE(part, AT.version + 4 * index);
  });
  request.writeUInt32LE(request.length, AT.dataSize);
  request.writeUInt32LE(HEADER_SIZE, AT.dataStart);
  request.writeUInt32LE(header.targetCount ?? 0, AT.targetCount);
  request.writeUInt32LE(header.flags ?? 0, AT.flags);
  request.writeUInt32LE(header.eventNr ?? 0, AT.eventNr);
  if (header.dev !== undefined) request.writeBigUInt64LE(encodeHugeDevice(header.dev), AT.dev);
  writeText(request, mangle(header.name ?? ''), AT.name, NAME_FIELD);
  writeText(request, mangle(header.uuid ?? ''), AT.uuid, UUID_FIELD);
  return request;
}

/** @throws DmfdError `system` when the bytes are no reply */
export function decodeReply(reply: Buffer): ReplyHeader {
  if (reply.length < HEADER_SIZE) throw malformed(`${reply.length} bytes`);
  const dataSize = reply.readUInt32LE(AT.dataSize);
  const dataStart = reply.readUInt32LE(AT.dataStart);
  if (dataSize > reply.length) throw malformed(`it claims ${dataSize} bytes in a buffer of ${reply.length}`);
  return {
    version: [reply.readUInt32LE(0), reply.readUInt32LE(4), reply.readUInt32LE(8)],
    dataSize,
    dataStart,
    targetCount: reply.readUInt32LE(AT.targetCount),
    openCount: reply.readInt32LE(AT.openCount),
    flags: reply.readUInt32LE(AT.flags),
    eventNr: reply.readUInt32LE(AT.eventNr),
    dev: decodeHugeDevice(reply.readBigUInt64LE(AT.dev)),
    name: showName(readBytes(reply, AT.name, AT.name + NAME_FIELD)),
    uuid: showName(readBytes(reply, AT.uuid, AT.uuid + UUID_FIELD)),
  };
}

/** The text from `start` to its NUL. @throws DmfdError `system` when there is none before `end` */
export function readText(bytes: Buffer, start: number, end: number): string {
  return readBytes(bytes, start, end).toString();
}

/** As {@link readText}, for what need not be text. */
export function readBytes(bytes: Buffer, start: number, end: number): Buffer {
  const nul = bytes.indexOf(0, start);
  if (nul < 0 || nul >= end) throw malformed(`a text at byte ${start} does not end`);
  return bytes.subarray(start, nul);
}

export function malformed(what: string): DmfdError {
  return new DmfdError('reply-malformed', `the kernel's device-mapper reply makes no sense: ${what}`);
}

function writeText(request: Buffer, text: string, start: number, field: number): void {
  if (request.write(text, start, field - 1, 'utf8') !== Buffer.byteLength(text)) {
    throw new RangeError(`${JSON.stringify(text)} does not fit ${field} bytes`);
  }
}
