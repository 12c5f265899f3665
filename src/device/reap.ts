import { setTimeout as sleep } from 'node:timers/promises';
import { encodeRequest } from '../dm/header.js';
import { FLAGS } from '../dm/protocol.js';
import { UDEV_EVENT } from '../dm/udev.js';
import { DmfdError } from '../errors.js';
import { removeDeferred } from '../kernel/dm-ioctl.js';
import { describeErrno } from '../kernel/errno.js';
import { DM_CONTROL, withMiscDevice } from '../kernel/misc-device.js';
import type { StepListener } from '../kernel/steps.js';
import { type DeviceSummary, listDevices } from './list.js';

/** A creation takes milliseconds; what is still undoomed after this has nobody left to doom it. */
const GRACE_MILLISECONDS = 1000;

/**
 * Dooms the devices that a kill of a dmfd together with its shield left behind: those of dmfd's that are not marked for
 * removal, seen twice with a second between, so that none is taken from a creation under way. An unused one is gone
 * when this returns, a used one goes with its last holder.
 *
 * @returns what it doomed, with the open count it had
 * @throws DmfdError `privilege`, `unsupported`, `kernel`
 */
export async function reapDevices(onStep?: StepListener): Promise<DeviceSummary[]> {
  const before = new Set(undoomed(onStep).map(({ uuid }) => uuid));
  if (before.size === 0) return [];
  await sleep(GRACE_MILLISECONDS);
  const left = undoomed(onStep).filter(({ uuid }) => before.has(uuid));
  return withMiscDevice(DM_CONTROL, onStep, (control) =>
    left.filter((device) => doom(control, device, onStep)),
  );
}

function undoomed(onStep?: StepListener): DeviceSummary[] {
  return listDevices(onStep).filter(({ doomed }) => !doomed);
}

/** False when it went by itself meanwhile. */
function doom(control: number, { name, uuid }: DeviceSummary, onStep?: StepListener): boolean {
  const request = encodeRequest({ uuid, flags: FLAGS.DEFERRED_REMOVE, eventNr: UDEV_EVENT });
  const result = removeDeferred(control, request, onStep);
  if (result >= 0) return true;
  const errno = describeErrno(-result);
  if (errno.name === 'ENXIO') return false;
  throw new DmfdError('kernel', `device ${name}: DM_DEV_REMOVE, deferred: ${errno.name}, ${errno.words}`, {
    operation: 'DM_DEV_REMOVE, deferred',
    errno: errno.name,
    device: name,
  });
}
