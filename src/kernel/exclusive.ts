import { closeSync, constants, openSync } from 'node:fs';
import { formatDeviceNumber } from '../dm/device-number.js';
import { blockDeviceAt } from './block-device.js';
import { resultName } from './errno.js';
import type { Kernel } from './kernel.js';
import { isLeaving, retryWhileLeaving } from './leaving.js';

/** For messages: who has a block device exclusively, where that cannot be told more exactly. */
export const EXCLUSIVE_HOLDERS = 'a mount, swap or another device has it, or a part of it';

/**
 * Whether a mount, swap or a device of device-mapper has a block device, or a part of it, exclusively: opens it so for a moment.
 * Waits for a holder that is about to go.
 *
 * @param name its name in steps
 * @param isShared whether who has it would share it with the caller
 */
export function isHeldExclusively(
  kernel: Kernel,
  path: string,
  name: string,
  isShared = () => false,
): boolean {
  const attempt = (): boolean => {
    if (isShared()) return true;
    const result = kernel.call(`open ${name} exclusively`, () => {
      closeSync(openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_EXCL));
      return 0;
    });
    // Whatever else hinders an opening says nothing of others.
    return resultName(result) !== 'EBUSY';
  };
  const device = blockDeviceAt(path);
  const isGoing = () => device !== undefined && isLeaving(formatDeviceNumber(device));
  return !retryWhileLeaving(kernel, attempt, isGoing);
}
