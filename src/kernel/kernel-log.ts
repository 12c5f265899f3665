import { readSync } from 'node:fs';
import { errnoOf } from './errno.js';
import type { Kernel } from './kernel.js';
import { shim } from './shim.js';

const RECORD_SIZE = 8192;

/** Listens to the kernel's log, so that an errno can be given the reason that the kernel logged with it. */
export class KernelLog {
  private constructor(private fd: number) {}

  /** From the next record on. */
  static listen(kernel: Kernel): KernelLog {
    return new KernelLog(kernel.call('open /dev/kmsg', () => shim.openKernelLog()));
  }

  /**
   * The device-mapper lines since listening began, oldest first, without those that name only other devices; undefined
   * where the log may not be read.
   */
  deviceMapperLines(device?: string): string[] | undefined {
    return this.fd < 0 ? undefined : selectLines(this.read(), device);
  }

  close(): void {
    if (this.fd >= 0) shim.close(this.fd);
    this.fd = -1;
  }

  private read(): string[] {
    const lines: string[] = [];
    const record = Buffer.alloc(RECORD_SIZE);
    for (;;) {
      try {
        lines.push(recordMessage(record.toString('utf8', 0, readSync(this.fd, record))));
      } catch (error) {
        // EPIPE: records were overwritten before they were read; those after them can be.
        if (errnoOf(error)?.name !== 'EPIPE') return lines;
      }
    }
  }
}

/** The message of a record `prefix,…;message`, without the continuation lines that follow it. */
export function recordMessage(record: string): string {
  const message = record.slice(record.indexOf(';') + 1);
  const end = message.indexOf('\n');
  return end < 0 ? message : message.slice(0, end);
}

const DEVICE_NUMBER = /^device-mapper: [^:]+: (\d+:\d+):/;

/** `device` is MAJ:MIN; lines about another one are someone else's trouble. */
export function selectLines(messages: readonly string[], device?: string): string[] {
  return messages.filter((message) => {
    if (!message.startsWith('device-mapper: ')) return false;
    const named = DEVICE_NUMBER.exec(message)?.[1];
    return device === undefined || named === undefined || named === device;
  });
}
