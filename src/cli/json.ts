import { printableJson } from './printable.js';

/**
 * As JSON.stringify(), on one line; a bigint is a number with all its digits, which jq and Python read whole. It may be read on a
 * terminal: of what that would obey, nothing stands in it as it is.
 */
export function toJson(value: unknown): string {
  if (typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return `[${value.map(toJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return printableJson(JSON.stringify(value) ?? 'null');
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return `{${members.map(([name, member]) => `${toJson(name)}:${toJson(member)}`).join(',')}}`;
}
