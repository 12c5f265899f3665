import { setTimeout as sleep } from 'node:timers/promises';
import type { Device } from '../device/handle.js';
import { findProcesses } from '../device/holders.js';
import { isStill } from '../device/wait-gone.js';
import { DmControl } from '../kernel/dm-control.js';
import { Kernel } from '../kernel/kernel.js';

/** Milliseconds. A receiver may close the descriptor shortly after reading it, so wait before believing that it was kept. */
const SETTLED = 100;
/** Longer than udev's workers look at a device that has just come. */
const LIMIT = 1000;
const PAUSE = 20;

/**
 * Whether there is a holder, now that our own descriptor is closed: a receiver may have dropped it. A worker
 * of udev's, which opens every new device for a moment, does not count.
 *
 * @throws DmfdError as {@link DmControl.open}
 */
export async function isStillHeld(device: Device): Promise<boolean> {
  const dm = DmControl.open(new Kernel());
  try {
    const start = performance.now();
    while (isOpen(dm, device)) {
      const passed = performance.now() - start;
      // At the limit it has a holder that /proc does not show.
      if ((passed >= SETTLED && isHeldByProcess(device)) || passed >= LIMIT) return true;
      await sleep(PAUSE);
    }
    return false;
  } finally {
    dm[Symbol.dispose]();
  }
}

/** Whether a process but us and udev's has it open, as far as /proc tells. */
export function isHeldByProcess(device: Device): boolean {
  return findProcesses(device).some((name) => !name.includes('udev'));
}

/** It has no opener: it is as good as gone, the kernel destroys it a moment later. */
function isOpen(dm: DmControl, device: Device): boolean {
  const status = dm.status({ uuid: device.uuid });
  return status !== undefined && status.openCount > 0 && isStill(device);
}
