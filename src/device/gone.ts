import { closeSync, existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DeviceNumber } from '../dm/device-number.js';
import { diskseqInSys } from '../kernel/diskseq.js';
import { queryDm } from '../kernel/dm-ioctl.js';
import { DM_CONTROL, openMiscDevice } from '../kernel/misc-device.js';
import type { Device, LoopIdentity } from './handle.js';

/** What of a device is still there. */
export interface Remains {
  readonly device: boolean;
  readonly loops: readonly LoopIdentity[];
}

const LONGEST_PAUSE = 50;

/**
 * Waits until the kernel has destroyed the device and detached its loop devices, each known by its sequence number,
 * so that another one under the same number is not taken for it.
 *
 * @param milliseconds how long at most
 * @returns what is left: nothing, unless the time was up
 */
export async function waitGone(device: Device, milliseconds: number): Promise<Remains> {
  const control = openMiscDevice(DM_CONTROL);
  try {
    const limit = performance.now() + milliseconds;
    for (let pause = 1; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
      const remains = whatRemains(control, device);
      const left = limit - performance.now();
      if ((!remains.device && remains.loops.length === 0) || left <= 0) return remains;
      await sleep(Math.min(pause, left));
    }
  } finally {
    closeSync(control);
  }
}

function whatRemains(control: number, device: Device): Remains {
  return {
    device: isListed(control, device) || isRegistered(device),
    loops: device.loops.filter((loop) => isAttached(loop)),
  };
}

function isListed(control: number, device: Device): boolean {
  return typeof queryDm(control, 'DEV_STATUS', { uuid: device.uuid }) !== 'number' && isStill(device);
}

/** The kernel forgets a device's name and UUID before it unregisters its disk. */
function isRegistered(device: Device): boolean {
  return device.diskseq !== 0n && diskseqInSys(device) === device.diskseq;
}

/** Whether the device with that number is the same one: its UUID may belong to a successor, if the user chose it. */
export function isStill(device: DeviceNumber & { diskseq: bigint }): boolean {
  if (device.diskseq === 0n) return true;
  const now = diskseqInSys(device);
  return now === undefined || now === device.diskseq;
}

function isAttached(loop: LoopIdentity): boolean {
  if (!existsSync(`/sys/block/loop${loop.minor}/loop/backing_file`)) return false;
  return isStill(loop);
}
