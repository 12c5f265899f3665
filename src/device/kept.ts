import { closeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { decodeReply } from '../dm/header.js';
import { queryDm } from '../kernel/dm-ioctl.js';
import { DM_CONTROL, openMiscDevice } from '../kernel/misc-device.js';
import { isStill } from './gone.js';
import type { Device } from './handle.js';
import { findProcesses } from './holders.js';

/** Milliseconds. One who drops what he got may do so in the background, a moment after he said that he had read it. */
const SETTLED = 100;
/** Longer than udev's workers look at a device that has just come. */
const LIMIT = 1000;
const PAUSE = 20;

/**
 * Whether somebody else keeps the device, now that our own descriptor is closed: one to whom it was sent may have
 * dropped it. A worker of udev's, which opens every new device for a moment, does not count.
 *
 * @throws DmfdError as {@link openMiscDevice}
 */
export async function isKept(device: Device): Promise<boolean> {
  const control = openMiscDevice(DM_CONTROL);
  try {
    const start = performance.now();
    while (isOpen(control, device)) {
      const passed = performance.now() - start;
      // At the limit it is held by one of whom /proc does not tell.
      if ((passed >= SETTLED && isHeldByProcess(device)) || passed >= LIMIT) return true;
      await sleep(PAUSE);
    }
    return false;
  } finally {
    closeSync(control);
  }
}

/** Whether a process but us and udev's has it open, as far as /proc tells. */
export function isHeldByProcess(device: Device): boolean {
  return findProcesses(device).some(({ name }) => !name.includes('udev'));
}

/** Nobody has it open: it is as good as gone, the kernel destroys it a moment later. */
function isOpen(control: number, device: Device): boolean {
  const reply = queryDm(control, 'DEV_STATUS', { uuid: device.uuid });
  return typeof reply !== 'number' && decodeReply(reply).openCount > 0 && isStill(device);
}
