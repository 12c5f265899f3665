import { lstatSync } from 'node:fs';
import { constants } from 'node:os';
import type { DeviceNumber } from '../dm/device-number.js';
import { mangle } from '../dm/mangling.js';
import { isBlockNodeAt } from '../kernel/block-device.js';
import type { Kernel } from '../kernel/kernel.js';
import { isUdevRunning, readUdevEntry } from '../kernel/udev-database.js';

const SHORTEST_PAUSE = 2;
const LONGEST_PAUSE = 50;

/** Microseconds on the clock of udev's database. */
export function udevClock(): bigint {
  return process.hrtime.bigint() / 1000n;
}

/**
 * Waits until udev has made the links of a device that is held: udevd is asked nothing, and needs no semaphore, for its database
 * tells.
 *
 * @param since when there was no such device yet, by {@link udevClock}
 * @param milliseconds how long at most
 * @returns what the user should know, if there is something
 * @throws Canceled
 */
export function awaitUdev(
  kernel: Kernel,
  device: DeviceNumber & { readonly name: string },
  since: bigint,
  milliseconds: number,
): string | undefined {
  if (!isUdevRunning()) {
    return `device ${device.name}: udevd does not run (there is no /run/udev/control), and makes no links`;
  }
  const result = kernel.call('wait for udev', () => {
    const limit = performance.now() + milliseconds;
    for (let pause = SHORTEST_PAUSE; !isLinked(device, since); pause = Math.min(2 * pause, LONGEST_PAUSE)) {
      const left = limit - performance.now();
      if (left <= 0) return -constants.errno.ETIMEDOUT;
      kernel.pause(Math.min(pause, left));
    }
    return 0;
  });
  if (result >= 0) return undefined;
  return `device ${device.name}: udev has not made its links within ${milliseconds / 1000} s; they may come later`;
}

/**
 * Whether udevd has worked through the event of the resume, the only one with that flag, of this very device: what stands in the
 * database from before may be that of an earlier device with the same number and UUID.
 */
function isLinked(device: DeviceNumber & { readonly name: string }, since: bigint): boolean {
  const { initialized, links, properties } = readUdevEntry(device);
  return (
    initialized >= since &&
    properties.get('DM_UDEV_PRIMARY_SOURCE_FLAG') === '1' &&
    isBlockNodeAt(`/dev/mapper/${mangle(device.name)}`, device) &&
    links.every(isLinkThere)
  );
}

/** A link that several devices want belongs to one of them. */
export function isLinkThere(link: string): boolean {
  return lstatSync(link, { throwIfNoEntry: false }) !== undefined;
}
