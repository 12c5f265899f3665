/**
 * Sizes and times in a few characters, for columns.
 *
 * @module
 */

const UNITS = ['B', 'K', 'M', 'G', 'T', 'P', 'E'];

/** `64M`, `1.5G`: never more than there is. */
export function shortSize(bytes: bigint): string {
  let unit = 0;
  let tenths = bytes * 10n;
  for (; tenths >= 10_240n && unit < UNITS.length - 1; unit++) tenths /= 1024n;
  const fraction = tenths % 10n === 0n ? '' : `.${tenths % 10n}`;
  return `${tenths / 10n}${fraction}${UNITS[unit]}`;
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `5s`, `3m`, `2h`, `12d`; nothing for a time in the future, after the clock was set back. */
export function shortAge(since: Date, now: Date): string {
  const seconds = Math.floor((now.getTime() - since.getTime()) / 1000);
  if (seconds < 0) return '';
  if (seconds < 2 * MINUTE) return `${seconds}s`;
  if (seconds < 2 * HOUR) return `${Math.floor(seconds / MINUTE)}m`;
  if (seconds < 2 * DAY) return `${Math.floor(seconds / HOUR)}h`;
  return `${Math.floor(seconds / DAY)}d`;
}
