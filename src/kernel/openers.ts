import { type BigIntStats, readlinkSync, realpathSync, statSync } from 'node:fs';
import { listIfThere, otherProcesses, processName, readIfThere } from './pseudo-files.js';

/**
 * The other processes that have a file open, as `process 12 (qemu)`, where /proc tells. Only files with the same inode number, or
 * before Linux 5.14 the same path, are looked at: others may be on a server that does not answer.
 */
export function openersOf(path: string, file: BigIntStats): string[] {
  return otherProcesses()
    .filter((pid) => listIfThere(`/proc/${pid}/fd`).some((fd) => isFile(pid, fd, path, file)))
    .map((pid) => `process ${pid} (${processName(pid)})`);
}

function isFile(pid: string, fd: string, path: string, { dev, ino }: BigIntStats): boolean {
  const inode = /^ino:\s*(\d+)$/m.exec(readIfThere(`/proc/${pid}/fdinfo/${fd}`))?.[1];
  const link = `/proc/${pid}/fd/${fd}`;
  try {
    if (inode === undefined ? readlinkSync(link) !== realpathSync(path) : BigInt(inode) !== ino) return false;
    const stats = statSync(link, { bigint: true });
    return stats.dev === dev && stats.ino === ino;
  } catch {
    return false;
  }
}
