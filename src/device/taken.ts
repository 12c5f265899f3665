import { formatDeviceNumber } from '../dm/device-number.js';
import { DmfdError } from '../errors.js';
import { isBlockNodeAt } from '../kernel/block-device.js';
import { DmControl } from '../kernel/dm-control.js';
import { isHeldExclusively } from '../kernel/exclusive.js';
import type { Kernel } from '../kernel/kernel.js';
import { listIfThere } from '../kernel/pseudo-files.js';
import { refuseUnderLoop } from '../loop/file.js';
import type { NamedDevice } from '../segment/ground.js';
import { claimantsOf } from './holders.js';
import { refuseTakenLink } from './mapper-link.js';

/**
 * Refuses a UUID that exists. The kernel would, too; but after a killed shield the device is taken back by its UUID, which
 * therefore must not have been in use before.
 */
export function refuseTakenUuid(dm: DmControl, uuid: string): void {
  if (dm.status({ uuid }) === undefined) return;
  throw new DmfdError('uuid-taken', `device UUID ${JSON.stringify(uuid)}: a device with it exists`, {
    operation: 'DM_DEV_STATUS',
    errno: 'EBUSY',
    hint: 'choose another `uuid`, or leave it out; "dmsetup info -c" shows what exists',
  });
}

/**
 * Refuses a device whose name, UUID or link is in use, as far as that can be known without loading a driver.
 *
 * @throws DmfdError `taken`
 */
export function refuseTaken(
  kernel: Kernel,
  {
    name,
    uuid,
    mapperLink = false,
  }: { readonly name: string; readonly uuid?: string; readonly mapperLink?: boolean },
): void {
  DmControl.whereAllowed(kernel, (dm) => {
    if (uuid !== undefined) refuseTakenUuid(dm, uuid);
    if (mapperLink) refuseTakenLink(kernel, dm, name);
    if (dm.status({ name }) === undefined) return;
    throw new DmfdError('name-taken', `device ${name}: a device with that name exists`, {
      operation: 'DM_DEV_STATUS',
      errno: 'EBUSY',
      device: name,
      hint: NAME_TAKEN_HINT,
    });
  });
}

/**
 * Refuses block devices that the kernel will refuse to a table: those with an exclusive claim that is not device-mapper's, whose
 * devices share one.
 *
 * @throws DmfdError `taken`
 */
export function refuseHeldExclusively(kernel: Kernel, devices: readonly NamedDevice[]): void {
  for (const { device, alone, subject } of devices) {
    // Where /dev lacks a partition's node, the rest of its disk may be in use.
    if (alone === undefined || !isBlockNodeAt(alone, device)) continue;
    const isShared = (): boolean => {
      const above = listIfThere(`/sys/dev/block/${formatDeviceNumber(device)}/holders`);
      return above.length > 0 && above.every((name) => name.startsWith('dm-'));
    };
    if (!isHeldExclusively(kernel, alone, subject, isShared)) continue;
    throw new DmfdError('backing-in-use', `${subject}: it is in use: ${claimantsOf(device)}`, {
      operation: `open ${subject} exclusively`,
      errno: 'EBUSY',
      hint: 'end that first; "lsblk" shows what stands on what',
    });
  }
}

/**
 * Refuses block devices that loop devices have, unless they may be shared. What is written over is looked at with all that is on it:
 * refuseOthersOn().
 *
 * @param own the numbers of loop devices of the same request
 * @throws DmfdError `taken`
 */
export function refuseUnderLoops(
  kernel: Kernel,
  { devices = [] }: { readonly devices?: readonly NamedDevice[] },
  shared: boolean,
  own?: readonly number[],
): void {
  if (shared) return;
  for (const named of devices) if (!named.overwritten) refuseUnderLoop(kernel, named, named.subject, own);
}

export const NAME_TAKEN_HINT = 'choose another name, or leave it out; "dmsetup info -c" shows what exists';
