import { diskseqInSys } from '../kernel/block-device.js';
import type { Kernel } from '../kernel/kernel.js';
import { isAutoclear } from '../kernel/leaving.js';
import { shim } from '../kernel/shim.js';
import { attachedMinors, backingPathOf, withLoopInfo } from './attached.js';
import type { LoopIdentity } from './identity.js';
import { decodeLoopInfo, LOOP_COMMANDS, LOOP_MAJOR, setAutoclear } from './protocol.js';

/**
 * Finds the loop devices of dmfd's whose autoclear flag was switched off: they do not detach by themselves any more. A process that may
 * write to a device whose table is one line, of one whole loop device, may do that: the kernel passes the ioctl down.
 */
export function findStrayLoops(kernel: Kernel): LoopIdentity[] {
  return attachedMinors()
    .filter((minor) => isAutoclear(minor) === false)
    .filter((minor) => withLoopInfo(kernel, minor, (_fd, info) => isStray(info)) === true)
    .map((minor) => {
      const dev = { major: LOOP_MAJOR, minor };
      return { ...dev, diskseq: diskseqInSys(dev) ?? 0n, file: backingPathOf(minor) };
    });
}

/**
 * Switches autoclear on again. Returns whether the loop device has detached: false while it is in use.
 *
 * @throws DmfdError `kernel`
 */
export function letGo(kernel: Kernel, { minor, file }: LoopIdentity): boolean {
  withLoopInfo(kernel, minor, (fd, info) => {
    if (!isStray(info)) return;
    kernel.must('LOOP_SET_STATUS64', () => shim.ioctl(fd, LOOP_COMMANDS.SET_STATUS64, setAutoclear(info)));
  });
  return backingPathOf(minor) !== file;
}

function isStray(info: Buffer): boolean {
  const { isOurs, autoclear } = decodeLoopInfo(info);
  return isOurs && !autoclear;
}
