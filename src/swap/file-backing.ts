import { type BigIntStats, closeSync, fstatSync } from 'node:fs';
import { formatDeviceNumber } from '../dm/device-number.js';
import { resultName } from '../kernel/errno.js';
import { openGivenFile } from '../kernel/given-file.js';
import type { Kernel } from '../kernel/kernel.js';
import { isLoopLeaving, retryWhileLeaving } from '../kernel/leaving.js';
import { shim } from '../kernel/shim.js';
import { type AttachedLoop, loopsOf } from '../loop/attached.js';
import { attachUnshared } from '../loop/unshared.js';
import { backingFile, hasLoop, inUse, refused, type SwapBacking } from './backing.js';

/** A file, which will get a loop device. */
export function openFileBacking(kernel: Kernel, path: string): SwapBacking {
  const fd = openGivenFile(backingFile(path));
  try {
    const stats = fstatSync(fd, { bigint: true });
    if (!stats.isFile())
      throw refused('backing-replaced', path, 'somebody replaced it meanwhile', 'try again');
    refuseSharedFile(kernel, path, fd, stats);
    let own: number | undefined;
    return {
      isFile: true,
      bytes: stats.size,
      blockSize: 512,
      attach: () => {
        const { loop, inTheWay } = attachUnshared(kernel, { fd, file: path, readOnly: false });
        if (loop === undefined) throw hasLoop(path, inTheWay);
        own = loop.fd;
        return { device: formatDeviceNumber(loop), loop };
      },
      close: () => {
        closeSync(fd);
        if (own !== undefined) shim.close(own);
      },
    };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** The lock goes on with the loop device: of several runs of dmfd's one gets the file. */
function refuseSharedFile(kernel: Kernel, path: string, fd: number, stats: BigIntStats): void {
  let loop: AttachedLoop | undefined;
  const attempt = (): boolean => {
    const result = kernel.call(`flock ${path}`, () => shim.lock(fd));
    // Looked for only after the lock was tried: who had it before us has a loop device by now, or has given up.
    loop = loopsOf(kernel, stats)[0];
    // Some file systems have no locks.
    return loop === undefined && resultName(result) !== 'EAGAIN';
  };
  if (retryWhileLeaving(kernel, attempt, () => loop !== undefined && isLoopLeaving(loop.minor))) return;
  if (loop !== undefined) throw hasLoop(path, loop);
  throw inUse(path, 'another process has it locked', 'another dmfd may be about to use it: try again');
}
