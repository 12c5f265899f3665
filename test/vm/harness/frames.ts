/**
 * The agent's protocol; test/vm/agent/protocol.h is the other end and says what each frame means.
 * Everything is little-endian.
 */

export const frameType = {
  start: 1,
  stdin: 2,
  stdinClose: 3,
  signal: 4,
  ready: 16,
  started: 17,
  failed: 18,
  stdout: 19,
  stderr: 20,
  credit: 21,
  exit: 22,
  closed: 23,
  /** Broker to client, once, when the guest takes commands. */
  welcome: 32,
  /** Broker to client: the guest is gone; the payload says why. */
  dead: 33,
} as const;

export const stdinWindow = 256 * 1024;
const maxPayload = 4 << 20;
const headerLength = 12;

export interface Frame {
  command: number;
  type: number;
  payload: Buffer;
}

export function encodeFrame(command: number, type: number, payload: Uint8Array = new Uint8Array()): Buffer {
  const frame = Buffer.alloc(headerLength + payload.length);
  frame.writeUInt32LE(payload.length, 0);
  frame.writeUInt32LE(command, 4);
  frame.writeUInt32LE(type, 8);
  frame.set(payload, headerLength);
  return frame;
}

/** Cuts a byte stream into frames. */
export class FrameReader {
  #chunks: Buffer[] = [];
  #length = 0;

  push(chunk: Buffer): Frame[] {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    const frames: Frame[] = [];
    for (let frame = this.#next(); frame; frame = this.#next()) frames.push(frame);
    return frames;
  }

  #next(): Frame | undefined {
    if (this.#length < headerLength) return undefined;
    const header = this.#peek(headerLength);
    const length = header.readUInt32LE(0);
    if (length > maxPayload) throw new Error(`the guest agent sent a frame of ${length} bytes`);
    if (this.#length < headerLength + length) return undefined;
    const whole = this.#peek(headerLength + length);
    this.#consume(headerLength + length);
    return {
      command: whole.readUInt32LE(4),
      type: whole.readUInt32LE(8),
      payload: whole.subarray(headerLength, headerLength + length),
    };
  }

  #peek(length: number): Buffer {
    const first = this.#chunks[0];
    if (first && first.length >= length) return first;
    const joined = Buffer.concat(this.#chunks);
    this.#chunks = [joined];
    return joined;
  }

  #consume(length: number): void {
    const [first] = this.#chunks;
    if (!first || first.length < length) throw new Error('consumed more than was peeked at');
    if (first.length === length) this.#chunks.shift();
    else this.#chunks[0] = first.subarray(length);
    this.#length -= length;
  }
}
