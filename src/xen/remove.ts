import { stillHeldBy } from '../device/holders.js';
import { formatDeviceNumber } from '../dm/device-number.js';
import { DmControl } from '../kernel/dm-control.js';
import type { Kernel } from '../kernel/kernel.js';
import { Deadline } from './deadline.js';
import { isStillMade, MADE, type Made, parseMade } from './made.js';
import { isMadeForAnother } from './same-disk.js';
import { XenStore } from './store.js';
import { pathIn, type Vbd } from './vbd.js';

/** Milliseconds: libxl kills its script after 40 s. */
const LIMIT = 10_000;
const LONGEST_PAUSE = 50;

/**
 * Waits until what was made for a disk is gone: the kernel destroys it when blkback closes it. Where xenstore no longer knows of
 * the disk, there is nothing to wait for; nor where a domain's device model, or the domain, has the same device still.
 *
 * @returns a sentence on the device that is still there when the time is up, if one is
 * @throws DmfdError `system` when there is no xenstore
 */
export function removeDisk(kernel: Kernel, vbd: Vbd): string[] {
  const deadline = new Deadline(LIMIT);
  const made = XenStore.with(kernel, deadline, (store) => {
    const told = store.read(pathIn(vbd, MADE)) ?? '';
    return told === '' || isMadeForAnother(store, vbd, told) ? [] : parseMade(told);
  });
  // The layers below do not keep the first one, but are held by it.
  return made.length === 0 ? [] : waitGone(kernel, made, deadline).slice(0, 1).map(describe);
}

/** Those that are still there in the end. */
function waitGone(kernel: Kernel, made: readonly Made[], deadline: Deadline): readonly Made[] {
  return DmControl.with(kernel, (dm) => {
    for (let pause = 1; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
      const left = made.filter((device) => isStillMade(dm, device));
      if (left.length === 0 || deadline.left() === 0) return left;
      kernel.pause(pause);
    }
  });
}

function describe(device: Made): string {
  return `device ${formatDeviceNumber(device)} is still there, held by ${stillHeldBy(device)}; it goes with its last holder`;
}
