import type { ReplyHeader } from '../dm/header.js';
import { UUID_PREFIX } from '../dm/names.js';
import { FLAGS } from '../dm/protocol.js';
import { diskseqInSys, sizeInSys } from '../kernel/block-device.js';
import { DmControl } from '../kernel/dm-control.js';
import type { Kernel } from '../kernel/kernel.js';
import type { DeviceFacts } from './facts.js';

/**
 * What is to come of a device.
 *
 * - `held`: it goes with its last holder
 * - `being-made`: not marked for deferred removal yet, by a process that works on it
 * - `leaked`: as it was when its maker and the shield died together; {@link reapDevices} removes it
 * - `kept`: it was in use, and somebody has cancelled its deferred removal
 */
export type DeviceState = 'held' | 'being-made' | 'leaked' | 'kept';

/** A device of dmfd's on this machine. */
export interface DeviceSummary
  extends Pick<DeviceFacts, 'name' | 'uuid' | 'path' | 'major' | 'minor' | 'diskseq' | 'size' | 'readOnly'> {
  /** How many openers and mounts hold it. */
  readonly openCount: number;
  /** Marked for deferred removal. */
  readonly deferredRemove: boolean;
  readonly state: DeviceState;
}

const SECTOR = 512n;

/**
 * The devices whose UUID starts with `DMFD-`, in the order of their numbers.
 *
 * @throws DmfdError `privilege`, `unsupported`, `kernel`
 */
export function listDevices(kernel: Kernel): DeviceSummary[] {
  return DmControl.with(kernel, (dm) => findDevices(dm, ({ uuid }) => uuid.startsWith(UUID_PREFIX)));
}

/** The devices that `wanted` chooses, whoever made them, in the order of their numbers. */
export function findDevices(
  dm: DmControl,
  wanted: (device: { readonly name: string; readonly uuid: string }) => boolean,
): DeviceSummary[] {
  const found = dm.listDevices().flatMap(({ dev }) => {
    // By its number: what others call it need not be text.
    const status = dm.status({ dev });
    // Gone since it was listed.
    return status === undefined || !wanted(status) ? [] : [summarize(dm, status)];
  });
  return found.sort((a, b) => a.minor - b.minor);
}

/** What a reply to DM_DEV_STATUS says of a device, and /sys. */
export function summarize(dm: DmControl, { name, uuid, dev, flags, openCount }: ReplyHeader): DeviceSummary {
  const deferredRemove = (flags & FLAGS.DEFERRED_REMOVE) !== 0;
  return {
    name,
    uuid,
    path: `/dev/dm-${dev.minor}`,
    ...dev,
    diskseq: diskseqInSys(dev) ?? 0n,
    size: (sizeInSys(dev) ?? 0n) * SECTOR,
    readOnly: (flags & FLAGS.READONLY) !== 0,
    openCount,
    deferredRemove,
    state: deferredRemove ? 'held' : stateOfUnmarked(dm, uuid, flags),
  };
}

/** A creation makes its device live only after it has marked it. */
function stateOfUnmarked(dm: DmControl, uuid: string, flags: number): DeviceState {
  if ((flags & FLAGS.ACTIVE_PRESENT) !== 0) return 'kept';
  return dm.isBeingMade(uuid) ? 'being-made' : 'leaked';
}
