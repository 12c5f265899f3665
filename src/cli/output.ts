import { writeSync } from 'node:fs';
import { DmfdError } from '../errors.js';
import { type Errno, errnoOf } from '../kernel/errno.js';

/**
 * Writes to a descriptor without Node's stream objects: making one sets O_NONBLOCK on a pipe that the command,
 * and whoever else shares it, would then stumble over.
 */
export function write(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(fd, bytes, at);
    } catch (error) {
      const errno = errnoOf(error);
      // Somebody else made it non-blocking.
      if (errno?.name === 'EAGAIN') continue;
      throw errno === undefined ? error : cannotWrite(fd, errno);
    }
  }
}

const STREAMS: Readonly<Record<number, string>> = { 1: 'standard output', 2: 'standard error' };

function cannotWrite(fd: number, { name, words }: Errno): DmfdError {
  const stream = STREAMS[fd] ?? `descriptor ${fd}`;
  return new DmfdError('system', `write to ${stream}: ${name}, ${words}`, {
    operation: `write to ${stream}`,
    errno: name,
  });
}

/** To stderr; a stderr that is closed or full is no reason to fail. */
export function say(text: string): void {
  try {
    write(2, `${text}\n`);
  } catch {
    // Nowhere is left to say it.
  }
}
