import { constants, createReadStream, fstatSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { addAbortSignal } from 'node:stream';
import { isatty, ReadStream } from 'node:tty';
import { usageError } from '../cli/usage-error.js';
import { errnoError, errnoOf } from '../kernel/errno.js';
import { openGivenFile } from '../kernel/given-file.js';

/** Where the requests of a batch come from. */
export interface BatchInput {
  /** Its end is what lets go of the devices: that of a file says nothing about them. */
  readonly endReleases: boolean;
  /** The bytes that come, until their end or the signal. @throws DmfdError `usage` when it cannot be read */
  chunks(signal: AbortSignal): AsyncIterable<Buffer>;
}

/** @param file `-` is standard input @throws DmfdError `usage` */
export function openBatchInput(file: string): BatchInput {
  if (file === '') throw usageError('FILE "": no path');
  if (file === '-') return inputOf('standard input', () => process.stdin, true);
  const fd = openGivenFile({
    subject: `batch ${file}`,
    path: file,
    flags: constants.O_RDONLY | constants.O_NOCTTY,
    use: 'read',
    code: 'command-line',
  });
  return inputOf(file, () => streamOf(fd), false);
}

function inputOf(label: string, open: () => Readable, endReleases: boolean): BatchInput {
  return {
    endReleases,
    async *chunks(signal) {
      const stream = open();
      addAbortSignal(signal, stream);
      try {
        yield* stream;
      } catch (cause) {
        if (signal.aborted) return;
        const errno = errnoOf(cause);
        if (errno === undefined) throw cause;
        const said = `batch ${label}: cannot read it: ${errno.name}, ${errno.words}`;
        throw errnoError(`read ${label}`, errno, { code: 'command-line', said, cause });
      }
    },
  };
}

/** Of what may have to be waited for, none that waits in a thread: that would keep Node from ending. */
function streamOf(fd: number): Readable {
  const stats = fstatSync(fd);
  if (isatty(fd)) return new ReadStream(fd);
  if (stats.isFIFO() || stats.isSocket()) return new Socket({ fd, readable: true, writable: false });
  return createReadStream('', { fd });
}
