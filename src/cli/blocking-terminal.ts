import { clearLine, cursorTo, moveCursor } from 'node:readline';
import { Writable } from 'node:stream';
import type { WriteStream } from 'node:tty';
import { shim } from '../kernel/shim.js';
import { write } from './output.js';

/** asm-generic/ioctls.h; all machines that dmfd runs on have this number. */
const TIOCGWINSZ = 0x5413;

/** How many columns the terminal at a descriptor has; 0 where it does not say. */
export function columnsOf(fd: number): number {
  const size = Buffer.alloc(8);
  return shim.ioctl(fd, TIOCGWINSZ, size) < 0 ? 0 : size.readUInt16LE(2);
}

/**
 * A terminal as ora needs it, without Node's own stream: that would put another open file, non-blocking, in place of the
 * descriptor, and the command would inherit it.
 */
export function blockingTerminal(fd: number, columns: number): WriteStream {
  const stream: Writable = new Writable({
    write(chunk, _encoding, done) {
      write(fd, String(chunk));
      done();
    },
  });
  return Object.assign(stream, {
    isTTY: true,
    columns,
    cursorTo: (x: number, y?: number) => cursorTo(stream, x, y),
    moveCursor: (dx: number, dy: number) => moveCursor(stream, dx, dy),
    clearLine: (direction: -1 | 0 | 1) => clearLine(stream, direction),
  }) as unknown as WriteStream;
}
