import { DmfdError } from '../errors.js';
import { diskseqInSys } from '../kernel/block-device.js';
import { DmControl } from '../kernel/dm-control.js';
import type { Kernel } from '../kernel/kernel.js';
import { retryWhileLeaving } from '../kernel/leaving.js';
import { TYPES } from '../properties.js';
import { type ChosenDevice, checkChoice, type DeviceChoice, withChosen } from './choice.js';
import { findHolders } from './holders.js';
import { type DeviceSummary, summarize } from './list.js';

/** The result of {@link removeDevice}. */
export interface Removal {
  /** As it was before; `openCount` counts its holders. */
  readonly device: DeviceSummary;
  /** False: it is held, and the kernel destroys it when the last holder lets go. */
  readonly gone: boolean;
  /** Its holders, in words, as far as /proc and /sys tell. */
  readonly holders: readonly string[];
}

const PROPERTIES = {
  device: TYPES.string,
  diskseq: TYPES.bigint,
} satisfies Record<keyof DeviceChoice, unknown>;

/** @throws DmfdError `usage` */
export function checkRemovalRequest(request: DeviceChoice): DeviceChoice {
  return checkChoice(request, PROPERTIES);
}

/**
 * Marks a device of any program for deferred removal: it is destroyed at once, or when its last holder lets go. Never another
 * one than the one that was named: it is held open from the moment that this was proved.
 *
 * @throws DmfdError `usage` when there is no such device; `taken` while it is being made; `privilege`, `unsupported`, `kernel`
 */
export function removeDevice(kernel: Kernel, choice: DeviceChoice): Removal {
  return DmControl.with(kernel, (dm) => {
    const device = withChosen(kernel, dm, choice, (chosen) => mark(dm, chosen));
    const gone = retryWhileLeaving(
      kernel,
      () => isGone(dm, device),
      // Its targets may have much to write, when the kernel has forgotten its name already.
      () => (dm.status({ dev: device })?.openCount ?? 0) === 0,
    );
    return { device, gone, holders: gone ? [] : findHolders(device) };
  });
}

function mark(dm: DmControl, { status, fd }: ChosenDevice): DeviceSummary {
  const found = summarize(dm, status);
  // Our own descriptor is no holder of the user's.
  const device = { ...found, openCount: found.openCount - (fd === undefined ? 0 : 1) };
  const remove = () => dm.removeDeferred(device, fd !== undefined);
  if (device.state === 'kept') remove();
  // The claim keeps other makers of this UUID away.
  else if (device.state !== 'held' && dm.whileUnclaimed(device.uuid, remove) === undefined)
    throw beingMade(device);
  return device;
}

/** The kernel forgets a device's name and UUID before it unregisters its disk. */
function isGone(dm: DmControl, device: DeviceSummary): boolean {
  const status = dm.status({ dev: device });
  if (status?.name === device.name && status.uuid === device.uuid) return false;
  return device.diskseq === 0n || diskseqInSys(device) !== device.diskseq;
}

function beingMade({ name }: DeviceSummary): DmfdError {
  return new DmfdError('device-busy', `device ${name}: it is being made at this moment`, {
    device: name,
    hint: 'it is left alone: end the process that makes it, and it goes by itself',
  });
}
