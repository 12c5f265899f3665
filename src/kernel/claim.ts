import { closeSync, constants, openSync } from 'node:fs';
import { formatDeviceNumber } from '../dm/device-number.js';
import { blockDeviceAt } from './block-device.js';
import { resultName } from './errno.js';
import type { Kernel } from './kernel.js';
import { isLeaving, retryWhileLeaving } from './leaving.js';

/** For messages: by whom a block device is claimed, where that cannot be told more exactly. */
export const CLAIMANTS = 'a mount, swap or another device has it, or a part of it';

/**
 * Whether a mount, swap or a device of device-mapper claims a block device, or a part of it, exclusively: claims it for a moment.
 * Waits for a holder that is about to go.
 *
 * @param name its name in steps
 * @param isShared whether the claim is one that the caller could share
 */
export function isClaimed(kernel: Kernel, path: string, name: string, isShared = () => false): boolean {
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
