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

let represented = process.pid;

/** From here on, this process does what another one was asked for, which is no other one for it; undefined: no longer. */
export function represent(pid: number | undefined): void {
  represented = pid ?? process.pid;
}

/** The process that was asked: this one, or the one that it represents. */
export function askedPid(): number {
  return represented;
}

/** The pids of all processes but this one, and the one that it represents. */
export function otherProcesses(): string[] {
  const own = [process.pid, represented].map(String);
  return listIfThere('/proc').filter((entry) => /^\d+$/.test(entry) && !own.includes(entry));
}

/** The name of a process, as it may have set it itself. */
export function processName(pid: string): string {
  return readIfThere(`/proc/${pid}/comm`).trim();
}

/** The paths in /proc/swaps. */
export function swapAreaPaths(): string[] {
  return swapAreas().map(({ path }) => path);
}

/** Those of block devices: the paths of files may lead to a file system that does not answer. */
export function swapDevicePaths(): string[] {
  return swapAreas()
    .filter(({ type }) => type === 'partition')
    .map(({ path }) => path);
}

function swapAreas(): { path: string; type: string | undefined }[] {
  return readIfThere('/proc/swaps')
    .split('\n')
    .slice(1)
    .filter((line) => line !== '')
    .map((line) => {
      const [path = '', type] = line.split(/\s+/);
      return { path: unescapePath(path), type };
    });
}

/** /proc writes blanks in paths as `\040`, byte by byte. */
export function unescapePath(text: string): string {
  if (!text.includes('\\')) return text;
  const bytes = Buffer.from(text)
    .toString('latin1')
    .replace(/\\([0-7]{3})/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 8)));
  return Buffer.from(bytes, 'latin1').toString();
}
