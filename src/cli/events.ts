import { writeSync } from 'node:fs';
import { constants } from 'node:os';
import type { Device } from '../device/handle.js';
import { DmfdError } from '../errors.js';
import { callerDescriptors } from '../handoff/caller.js';
import type { Ending } from '../handoff/run.js';
import { errnoOf } from '../kernel/errno.js';
import { deviceJson } from './device-json.js';
import { toJson } from './json.js';
import { say, write } from './output.js';
import { usageError } from './usage-error.js';

/** Tells what becomes of a device, for `--json-fd`: one JSON line an event. */
export interface Events {
  /** @param path for those who read of it */
  created(device: Device, path: string): void;
  started(pid: number): void;
  ended(ending: Ending): void;
  /** `held`: a sentence for each thing that is left when the time is up, with its holders. */
  gone(held: readonly string[]): void;
}

const SILENT: Events = {
  created: () => undefined,
  started: () => undefined,
  ended: () => undefined,
  gone: () => undefined,
};

/**
 * @param fd a descriptor of the caller's
 * @throws DmfdError `usage` when it is not open for writing
 */
export function eventsTo(fd: number | undefined): Events {
  if (fd === undefined) return SILENT;
  checkWritable(fd);
  let failed = false;
  const tell = (event: string, fields: object): void => {
    if (failed) return;
    try {
      write(fd, `${toJson({ event, ...fields })}\n`);
    } catch (error) {
      if (!(error instanceof DmfdError)) throw error;
      // A listener that has gone is no reason to end a command that runs.
      failed = true;
      say(`--json-fd ${fd}: ${error.message}; nothing more is written there`);
    }
  };
  return {
    created: (device, path) => tell('created', { ...deviceJson(device), path }),
    started: (pid) => tell('started', { pid }),
    ended: (ending) => tell('ended', endingFields(ending)),
    gone: (held) => (held.length === 0 ? tell('gone', {}) : tell('held', { by: held })),
  };
}

function endingFields(ending: Ending): { status: number | null; signal: string | null } {
  if ('status' in ending) return { status: ending.status, signal: null };
  const [name] = Object.entries(constants.signals).find(([, number]) => number === ending.signal) ?? [];
  return { status: null, signal: name ?? String(ending.signal) };
}

function checkWritable(fd: number): void {
  // Node has descriptors of its own, and would be broken by what is written to them.
  if (!callerDescriptors().includes(fd)) {
    throw usageError(
      `--json-fd ${fd}: that descriptor is not open`,
      `open it for dmfd: ${fd}>FILE, or ${fd}>&1`,
    );
  }
  try {
    writeSync(fd, Buffer.alloc(0));
  } catch (error) {
    throw usageError(`--json-fd ${fd}: it is not open for writing (${errnoOf(error)?.name ?? error})`);
  }
}
