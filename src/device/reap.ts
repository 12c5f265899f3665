import { DmControl } from '../kernel/dm-control.js';
import type { Kernel } from '../kernel/kernel.js';
import { type DeviceSummary, listDevices } from './list.js';

/** A creation takes milliseconds; what is still not marked for removal after this has nobody left to do it. */
const GRACE_MILLISECONDS = 1000;

/**
 * Removes the devices that a kill of a dmfd together with its shield left behind: those of dmfd's that are not marked for
 * deferred removal, seen twice with a second between, so that none is taken from a creation under way. An unused one is
 * gone when this returns, a used one goes with its last holder.
 *
 * @returns what it marked for removal, with the open count it had
 * @throws DmfdError `privilege`, `unsupported`, `kernel`
 */
export function reapDevices(kernel: Kernel): DeviceSummary[] {
  const before = new Set(leaked(kernel).map(({ uuid }) => uuid));
  if (before.size === 0) return [];
  kernel.pause(GRACE_MILLISECONDS);
  const left = leaked(kernel).filter(({ uuid }) => before.has(uuid));
  // One that went by itself meanwhile is not told.
  return DmControl.with(kernel, (dm) => left.filter((device) => dm.removeDeferred(device)));
}

function leaked(kernel: Kernel): DeviceSummary[] {
  return listDevices(kernel).filter(({ deferredRemove }) => !deferredRemove);
}
