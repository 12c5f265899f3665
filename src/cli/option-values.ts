import { usageError } from '../errors.js';
import type { Mode } from '../kernel/creation.js';

const MODES: readonly Mode[] = ['auto', 'atomic', 'fallback'];
const HIGHEST_FD = 1_048_575;

export function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}

export function parseMode(value: string): Mode {
  const mode = MODES.find((candidate) => candidate === value);
  if (mode === undefined) throw usageError(`--mode ${value}: it must be one of ${MODES.join(', ')}`);
  return mode;
}

export function parseFd(value: string): number {
  const fd = Number(value);
  if (!/^\d+$/.test(value) || fd > HIGHEST_FD) {
    throw usageError(`--fd ${value}: it must be a descriptor number from 0 to ${HIGHEST_FD}`);
  }
  return fd;
}

/** Seconds, to milliseconds. */
export function parseSeconds(value: string): number {
  const seconds = Number(value);
  if (!/^\d+(\.\d+)?$/.test(value) || seconds > 86_400) {
    throw usageError(`--wait-gone=${value}: it must be a number of seconds, at most 86400`);
  }
  return seconds * 1000;
}
