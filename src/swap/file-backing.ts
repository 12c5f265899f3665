import { type BigIntStats, closeSync, fstatSync } from 'node:fs';
import { formatDeviceNumber } from '../dm/device-number.js';
import { resultName } from '../kernel/errno.js';
import { openGivenFile } from '../kernel/given-file.js';
import type { Kernel } from '../kernel/kernel.js';
import { shim } from '../kernel/shim.js';
import { attachOpenFile } from '../loop/attach.js';
import { backingFile, inUse, refused, type SwapBacking } from './backing.js';
import { isLoopLeaving, loopOf } from './in-use.js';
import { retryWhileLeaving } from './retry-while-leaving.js';

/** A file, which will get a loop device. */
export function openFileBacking(kernel: Kernel, path: string): SwapBacking {
  const fd = openGivenFile(backingFile(path));
  try {
    const stats = fstatSync(fd, { bigint: true });
    if (!stats.isFile())
      throw refused('backing-replaced', path, 'somebody replaced it meanwhile', 'try again');
    refuseSharedFile(kernel, path, fd, stats);
    let loop: number | undefined;
    return {
      isFile: true,
      bytes: stats.size,
      blockSize: 512,
      attach: () => {
        const device = attachOpenFile(kernel, { fd, file: path, readOnly: false });
        loop = device.fd;
        return { device: formatDeviceNumber(device), loop: device };
      },
      close: () => {
        closeSync(fd);
        if (loop !== undefined) shim.close(loop);
      },
    };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** Two loop devices may have one file, and would write over each other; the lock goes on with the loop device. */
function refuseSharedFile(kernel: Kernel, path: string, fd: number, stats: BigIntStats): void {
  let loop: string | undefined;
  const attempt = (): boolean => {
    const result = kernel.call(`flock ${path}`, () => shim.lock(fd));
    // Looked for only after the lock was tried: who had it before us has a loop device by now, or has given up.
    loop = loopOf(stats);
    // Some file systems have no locks.
    return loop === undefined && resultName(result) !== 'EAGAIN';
  };
  if (retryWhileLeaving(kernel, attempt, () => loop !== undefined && isLoopLeaving(loop))) return;
  if (loop !== undefined) {
    throw inUse(path, `/dev/${loop} has it`, `losetup -l shows it; swapoff, umount or losetup -d ends it`);
  }
  throw inUse(path, 'another process has it locked', 'another dmfd may be about to use it: try again');
}
