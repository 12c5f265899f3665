import { formatDeviceNumber } from '../dm/device-number.js';
import { decodeReply } from '../dm/header.js';
import { decodeDeviceList } from '../dm/lists.js';
import { UUID_PREFIX } from '../dm/names.js';
import { FLAGS } from '../dm/protocol.js';
import { queryDm, queryDmOrThrow } from '../kernel/dm-ioctl.js';
import { DM_CONTROL, withMiscDevice } from '../kernel/misc-device.js';
import type { StepListener } from '../kernel/steps.js';

/** A device of dmfd's on this machine. */
export interface DeviceSummary {
  readonly name: string;
  readonly uuid: string;
  readonly major: number;
  readonly minor: number;
  /** How many openers and mounts hold it. */
  readonly openCount: number;
  /** Marked to go with its last holder. False only for one whose maker and shield died together: see reap. */
  readonly doomed: boolean;
}

/**
 * The devices whose UUID starts with `DMFD-`, in the order of their numbers.
 *
 * @throws DmfdError `privilege`, `unsupported`, `kernel`
 */
export function listDevices(onStep?: StepListener): DeviceSummary[] {
  return withMiscDevice(DM_CONTROL, onStep, (control) => summaries(control, onStep));
}

/** As {@link listDevices}, by a control descriptor that is open already. */
export function summaries(control: number, onStep?: StepListener): DeviceSummary[] {
  const listed = decodeDeviceList(queryDmOrThrow(control, 'LIST_DEVICES', {}, onStep));
  return listed
    .flatMap(({ name, dev }) => {
      const reply = queryDm(control, 'DEV_STATUS', { name }, onStep);
      // Gone since it was listed.
      if (typeof reply === 'number') return [];
      const { uuid, openCount, flags, dev: now } = decodeReply(reply);
      if (!uuid.startsWith(UUID_PREFIX) || formatDeviceNumber(now) !== formatDeviceNumber(dev)) return [];
      return [{ name, uuid, ...dev, openCount, doomed: (flags & FLAGS.DEFERRED_REMOVE) !== 0 }];
    })
    .sort((a, b) => a.minor - b.minor);
}
