import { decodeReply, malformed, readText } from './header.js';
import { TARGET_SPEC_SIZE, TARGET_TYPE_FIELD } from './protocol.js';

/** A segment of a table that the kernel has; in sectors of 512 bytes. */
export interface LiveSegment {
  readonly start: bigint;
  readonly length: bigint;
  /** Its target. */
  readonly type: string;
  /** What the target says: how it is, or, with DM_STATUS_TABLE_FLAG, its arguments. */
  readonly text: string;
}

/** The reply to DM_TABLE_STATUS. `next` counts from the start of the data. */
export function decodeSegments(reply: Buffer): LiveSegment[] {
  const { dataStart, dataSize, targetCount } = decodeReply(reply);
  const segments: LiveSegment[] = [];
  let at = dataStart;
  while (segments.length < targetCount) {
    if (at + TARGET_SPEC_SIZE > dataSize) throw malformed(`a segment at byte ${at} of ${dataSize}`);
    const next = dataStart + reply.readUInt32LE(at + 20);
    if (next < at + TARGET_SPEC_SIZE) throw malformed(`the segment at byte ${at} ends at ${next}`);
    segments.push({
      start: reply.readBigUInt64LE(at),
      length: reply.readBigUInt64LE(at + 8),
      type: readText(reply, at + 24, at + 24 + TARGET_TYPE_FIELD),
      text: readText(reply, at + TARGET_SPEC_SIZE, next),
    });
    at = next;
  }
  return segments;
}
