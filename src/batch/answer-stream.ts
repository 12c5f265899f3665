import { constants, fstatSync, openSync } from 'node:fs';
import { writeMeanwhile } from '../cli/output.js';

/** Standard output for a process that writes much to it: one without a reader does not block it. */
export class AnswerStream {
  readonly #fd = openForItself();
  readonly #signal: AbortSignal;
  #last = Promise.resolve();

  /** @param signal ends a wait for a reader: what is not written then is not missed */
  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** After what was written before. @throws DmfdError `system` with code `output-failed` */
  async write(text: string): Promise<void> {
    this.#last = this.#last.then(() => this.#write(text));
    await this.#last;
  }

  async #write(text: string): Promise<void> {
    try {
      await writeMeanwhile(this.#fd, text, { name: 'standard output', signal: this.#signal });
    } catch (error) {
      if (!this.#signal.aborted) throw error;
    }
  }
}

/**
 * A second open file of a pipe or a terminal, which does not block: O_NONBLOCK on the one that others share would be theirs, too.
 * Files have an offset that is to be shared, and sockets cannot be opened.
 */
function openForItself(): number {
  const stats = fstatSync(1);
  if (!stats.isFIFO() && !stats.isCharacterDevice()) return 1;
  try {
    return openSync('/proc/self/fd/1', constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    return 1;
  }
}
