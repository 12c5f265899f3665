/**
 * What is about to go by itself: after its last holder has let go, the kernel takes a moment to destroy a device of dmfd's, and
 * as long as udev has it open.
 *
 * @module
 */
import { existsSync } from 'node:fs';
import { parseDeviceNumber } from '../dm/device-number.js';
import { UUID_PREFIX } from '../dm/names.js';
import { isBlockNodeAt } from './block-device.js';
import { swapDevicePaths } from './block-users.js';
import type { Kernel } from './kernel.js';
import { listIfThere, readIfThere } from './pseudo-files.js';

/** Milliseconds: longer than udev's workers look at a device, or udev's queue is. */
const LEAVING = 5000;
/** What leaves is seen half gone: its name already, its claim or its lock not yet. */
const SETTLING = 300;
const PAUSE = 20;

/**
 * Tries until it works, as long as what is in the way is about to leave by itself.
 *
 * @returns whether it worked
 */
export function retryWhileLeaving(
  kernel: Kernel,
  attempt: () => boolean,
  isObstacleLeaving: () => boolean,
): boolean {
  const start = performance.now();
  let limit = start + SETTLING;
  while (!attempt()) {
    const now = performance.now();
    if (isObstacleLeaving() && now - start < LEAVING) limit = now + SETTLING;
    if (now > limit) return false;
    kernel.pause(PAUSE);
  }
  return true;
}

/**
 * True if every device on top is one of dmfd's that is not in use as swap, that is, about to be destroyed: its last holder
 * has let go, or will in a moment (a udev worker that looks at it).
 *
 * @param device MAJ:MIN
 */
export function isLeaving(device: string): boolean {
  const holders = listIfThere(`/sys/dev/block/${device}/holders`);
  return holders.length > 0 && holders.every((name) => isUnusedDevice(name));
}

/** The same of a loop device, which goes by itself when nothing is on it any more. */
export function isLoopLeaving(minor: number): boolean {
  const autoclear = isAutoclear(minor);
  // It has left since it was seen in the way; but for where /sys is not mounted, and nobody can tell.
  if (autoclear === undefined) return existsSync('/sys/block');
  if (!autoclear) return false;
  return listIfThere(`/sys/block/loop${minor}/holders`).every((holder) => isUnusedDevice(holder));
}

/** Whether an attached loop device goes by itself; undefined where none is attached. */
export function isAutoclear(minor: number): boolean | undefined {
  const answer = readIfThere(`/sys/block/loop${minor}/loop/autoclear`).trim();
  return answer === '' ? undefined : answer === '1';
}

function isUnusedDevice(name: string): boolean {
  const uuid = readIfThere(`/sys/block/${name}/dm/uuid`);
  // The kernel takes this file away first when it destroys a device; one without a UUID has an empty line there.
  if (uuid === '') return name.startsWith('dm-');
  if (!uuid.startsWith(UUID_PREFIX)) return false;
  const dev = parseDeviceNumber(readIfThere(`/sys/block/${name}/dev`));
  return dev === undefined || !swapDevicePaths().some((path) => isBlockNodeAt(path, dev));
}
