import { fstatSync, readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { callerDescriptors } from './caller.js';

/** As the kernel, which gives up then. */
const MOST_LINKS = 40;

/**
 * The descriptor of the caller's that a path leads to, as `/dev/fd/7`, `/dev/stdin`, `/proc/self/fd/7` and links to them do;
 * undefined for every other path.
 */
export function callerDescriptorAt(path: string, given = callerDescriptors()): number | undefined {
  const fd = ownDescriptorAt(path);
  return fd !== undefined && given.includes(fd) ? fd : undefined;
}

/** Whether what was read from a descriptor can be read from it again. */
export function canBeReadAgain(fd: number): boolean {
  try {
    const stats = fstatSync(fd);
    return stats.isFile() || stats.isBlockDevice();
  } catch {
    return false;
  }
}

function ownDescriptorAt(path: string): number | undefined {
  try {
    const own = new RegExp(`^${realpathSync('/proc/self')}/(task/\\d+/)?fd$`);
    let next = path;
    for (let links = 0; links < MOST_LINKS; links++) {
      const directory = realpathSync(dirname(next));
      const name = basename(next);
      if (own.test(directory)) return /^\d+$/.test(name) ? Number(name) : undefined;
      // Only links are descriptors.
      next = resolve(directory, readlinkSync(next));
    }
  } catch {
    // Opening it tells what is wrong with it.
  }
  return undefined;
}
