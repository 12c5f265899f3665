import { MODES, type Mode } from '../device/creation.js';
import { UDEV_MODES, type UdevMode } from '../dm/udev.js';
import { callerState } from '../handoff/caller.js';
import { softDescriptorLimit } from '../kernel/descriptor-limit.js';
import { usageError } from './usage-error.js';

export function collect(value: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), value];
}

/** As {@link collect}, of what a parser makes of each value. */
export function collectAs<T>(
  parse: (value: string) => T,
): (value: string, before: readonly T[] | undefined) => T[] {
  return (value, before) => [...(before ?? []), parse(value)];
}

export const parseMode: (value: string) => Mode = parseOneOf('--mode', MODES);
export const parseUdev: (value: string) => UdevMode = parseOneOf('--udev', UDEV_MODES);

/** What commander's choices() says is of another form than the rest, and it adds to the help, where the words stand with what each does. */
function parseOneOf<Word extends string>(option: string, words: readonly Word[]): (value: string) => Word {
  return (value) => {
    const word = words.find((candidate) => candidate === value);
    if (word === undefined) throw usageError(`${option} ${value}: it must be one of ${words.join(', ')}`);
    return word;
  };
}

/** For an option whose value is a descriptor's number. */
export function parseFd(option: string): (value: string) => number {
  return (value) => {
    const fd = Number(value);
    const limit = descriptorLimit();
    if (!/^\d+$/.test(value) || fd >= limit) {
      throw usageError(
        `${option} ${value}: it must be a descriptor number from 0 to ${limit - 1} (see ulimit -n)`,
      );
    }
    return fd;
  };
}

const DEFAULT_LIMIT = 1024;

/** How many descriptors the command may have: as many as the caller, as far as that was noted. */
function descriptorLimit(): number {
  const noted = callerState();
  return noted === undefined ? (softDescriptorLimit() ?? DEFAULT_LIMIT) : Number(noted.softDescriptors);
}

/** All bits set is no user's. */
const HIGHEST_UID = 0xffff_fffe;

export function parseUid(value: string): number {
  if (/^\d{1,10}$/.test(value) && Number(value) <= HIGHEST_UID) return Number(value);
  throw usageError(`--send-to-uid ${value}: it must be the number of a user`, '"id -u NAME" tells it');
}

/** Seconds, to milliseconds. */
export function parseSeconds(option: string): (value: string) => number {
  return (value) => {
    const seconds = Number(value);
    if (!/^\d+(\.\d+)?$/.test(value) || seconds > 86_400) {
      throw usageError(`${option}=${value}: it must be a number of seconds, at most 86400`);
    }
    return seconds * 1000;
  };
}

/** A whole number; what it may be is for the request to say. */
export function parseNumber(option: string): (value: string) => number {
  return (value) => {
    if (!/^\d{1,9}$/.test(value)) throw usageError(`${option} ${value}: it must be a whole number`);
    return Number(value);
  };
}
