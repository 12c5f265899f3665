import { sizeInSys } from '../kernel/block-device.js';
import type { Kernel } from '../kernel/kernel.js';
import { shim } from '../kernel/shim.js';
import { fileOf, withLoopInfo } from './attached.js';
import { decodeLoopInfo, LOOP_COMMANDS, LOOP_MAJOR } from './protocol.js';

const SECTOR = 512n;

/**
 * Has a loop device take the size that its file has now, if that is more than before; never less, which would cut off its users' data. A file
 * that cannot be looked at (removed, or in another mount namespace), and a loop device of a part of its file, are left as they are.
 *
 * @throws DmfdError `kernel`
 */
export function growLoop(kernel: Kernel, minor: number): void {
  withLoopInfo(kernel, minor, (fd, bytes) => {
    const info = decodeLoopInfo(bytes);
    const file = fileOf(minor, info)?.stats;
    const sectors = sizeInSys({ major: LOOP_MAJOR, minor }) ?? 0n;
    if (file === undefined || info.sizeLimit !== undefined || (file.size - info.offset) / SECTOR <= sectors)
      return;
    kernel.must('LOOP_SET_CAPACITY', () => shim.ioctlValue(fd, LOOP_COMMANDS.SET_CAPACITY, 0));
  });
}
