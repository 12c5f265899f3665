import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Processes and devices come and go while /proc and /sys are looked at: what is not there is empty. */
export function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** The names in a directory of /proc or /sys, as {@link readIfThere}. */
export function listIfThere(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

/** The text of a link; undefined where there is none. */
export function linkIfThere(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

/** /proc writes blanks in paths as `\040`, byte by byte. */
export function unescapePath(text: string): string {
  if (!text.includes('\\')) return text;
  const bytes = Buffer.from(text)
    .toString('latin1')
    .replace(/\\([0-7]{3})/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 8)));
  return Buffer.from(bytes, 'latin1').toString();
}
