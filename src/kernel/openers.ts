import { type BigIntStats, readlinkSync, realpathSync } from 'node:fs';
import { decodeLibcDevice, formatDeviceNumber } from '../dm/device-number.js';
import { mountOf } from './mountinfo.js';
import { harmlessMounts } from './open-nodes.js';
import { otherProcesses, processName } from './processes.js';
import { listIfThere, readIfThere } from './pseudo-files.js';
import { statIfThere } from './stat.js';

/**
 * The other processes that have a file open, as `process 12 (qemu)`, where /proc tells. Only files with the same inode number, or
 * before Linux 5.14 the same path, are looked at, and of these only those in memory, on a local disk, or on the file's own file
 * system: others may be on a server that does not answer.
 */
export function openersOf(path: string, file: BigIntStats): string[] {
  const system = formatDeviceNumber(decodeLibcDevice(file.dev));
  const ours = harmlessMounts('self', system);
  return otherProcesses()
    .filter((pid) => {
      const mayBe = listIfThere(`/proc/${pid}/fd`).filter((fd) => isLike(pid, fd, path, file));
      if (mayBe.length === 0) return false;
      const theirs = harmlessMounts(pid, system);
      return mayBe.some((fd) => {
        const mount = mountOf(readIfThere(`/proc/${pid}/fdinfo/${fd}`));
        return (theirs.has(mount) || ours.has(mount)) && isFile(`/proc/${pid}/fd/${fd}`, file);
      });
    })
    .map((pid) => `process ${pid} (${processName(pid)})`);
}

/** As far as can be told without looking at the file. */
function isLike(pid: string, fd: string, path: string, { ino }: BigIntStats): boolean {
  const inode = /^ino:\s*(\d+)$/m.exec(readIfThere(`/proc/${pid}/fdinfo/${fd}`))?.[1];
  if (inode !== undefined) return BigInt(inode) === ino;
  try {
    return readlinkSync(`/proc/${pid}/fd/${fd}`) === realpathSync(path);
  } catch {
    return false;
  }
}

function isFile(link: string, { dev, ino }: BigIntStats): boolean {
  const stats = statIfThere(link);
  return stats?.dev === dev && stats.ino === ino;
}
