import { listIfThere, readIfThere } from './pseudo-files.js';

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
