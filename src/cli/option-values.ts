import { readFileSync } from 'node:fs';
import { usageError } from '../errors.js';
import type { Mode } from '../kernel/creation.js';

const MODES: readonly Mode[] = ['auto', 'atomic', 'fallback'];

export function collect(value: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), value];
}

export function parseMode(value: string): Mode {
  const mode = MODES.find((candidate) => candidate === value);
  if (mode === undefined) throw usageError(`--mode ${value}: it must be one of ${MODES.join(', ')}`);
  return mode;
}

export function parseFd(value: string): number {
  const fd = Number(value);
  const limit = descriptorLimit();
  if (!/^\d+$/.test(value) || fd >= limit) {
    throw usageError(`--fd ${value}: it must be a descriptor number from 0 to ${limit - 1} (see ulimit -n)`);
  }
  return fd;
}

const DEFAULT_LIMIT = 1024;

/** How many descriptors this process may have; the soft limit, which Node has raised to the hard one. */
function descriptorLimit(): number {
  try {
    const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'ascii')) ?? [];
    return soft === undefined ? DEFAULT_LIMIT : Number(soft);
  } catch {
    return DEFAULT_LIMIT;
  }
}

/** Seconds, to milliseconds. */
export function parseSeconds(value: string): number {
  const seconds = Number(value);
  if (!/^\d+(\.\d+)?$/.test(value) || seconds > 86_400) {
    throw usageError(`--wait-gone=${value}: it must be a number of seconds, at most 86400`);
  }
  return seconds * 1000;
}
