import { nodeOf } from '../dm/device-number.js';
import type { ReplyHeader } from '../dm/header.js';
import { UUID_PREFIX } from '../dm/names.js';
import { FLAGS } from '../dm/protocol.js';
import { diskseqInSys, isBlockNodeAt, nodeMadeAt, sizeInSys } from '../kernel/block-device.js';
import { DmControl } from '../kernel/dm-control.js';
import type { Kernel } from '../kernel/kernel.js';
import type { DeviceFacts } from './facts.js';

/**
 * The state of a device.
 *
 * - `held`: it goes with its last holder
 * - `being-made`: not marked for deferred removal yet, by a process that works on it
 * - `leaked`: never live, and no process is making it: its maker and the shield died together; {@link reapDevices} removes it
 * - `kept`: it was in use, and stays until it is removed by hand: its deferred removal was cancelled, or another program made it
 */
export type DeviceState = 'held' | 'being-made' | 'leaked' | 'kept';

/** A device on this machine. */
export interface DeviceSummary
  extends Pick<DeviceFacts, 'name' | 'uuid' | 'path' | 'major' | 'minor' | 'diskseq' | 'size' | 'readOnly'> {
  /** The targets of its table, each once. */
  readonly targets: readonly string[];
  /** How many openers and mounts hold it. */
  readonly openCount: number;
  /** Marked for deferred removal. */
  readonly deferredRemove: boolean;
  readonly state: DeviceState;
  /** When its node in /dev was made; undefined where that is not known (no devtmpfs, before Linux 5.18). */
  readonly created: Date | undefined;
}

/** Which devices to list. */
export interface ListRequest {
  /** All devices of device-mapper, also those of other programs. */
  readonly all?: boolean | undefined;
}

const SECTOR = 512n;

/**
 * The devices that dmfd made, in the order of their numbers: those whose UUID starts with `DMFD-`, and those with another one
 * that go with their last holder or have never been live. The kernel does not say which of the latter dmfd made with a UUID of the
 * user's, and which are another program's.
 *
 * @throws DmfdError `privilege`, `unsupported`, `kernel`
 */
export function listDevices(kernel: Kernel, { all = false }: ListRequest = {}): DeviceSummary[] {
  return DmControl.with(kernel, (dm) => findDevices(dm, (device) => all || mayBeOurs(device)));
}

function mayBeOurs({ uuid, flags }: ReplyHeader): boolean {
  return (
    uuid.startsWith(UUID_PREFIX) ||
    (flags & FLAGS.DEFERRED_REMOVE) !== 0 ||
    (uuid !== '' && (flags & FLAGS.ACTIVE_PRESENT) === 0)
  );
}

/** The devices of any program that `wanted` chooses, in the order of their numbers. */
export function findDevices(dm: DmControl, wanted: (device: ReplyHeader) => boolean): DeviceSummary[] {
  const found = dm.listDevices().flatMap(({ dev }) => {
    // By its number: what others call it need not be text.
    const status = dm.status({ dev });
    // Gone since it was listed.
    return status === undefined || !wanted(status) ? [] : [summarize(dm, status)];
  });
  return found.sort((a, b) => a.minor - b.minor);
}

/** A device as a reply to DM_DEV_STATUS and /sys describe it. */
export function summarize(dm: DmControl, { name, uuid, dev, flags, openCount }: ReplyHeader): DeviceSummary {
  const deferredRemove = (flags & FLAGS.DEFERRED_REMOVE) !== 0;
  const path = nodeOf(dev);
  const segments = dm.segments(dev, (flags & FLAGS.ACTIVE_PRESENT) !== 0);
  return {
    name,
    uuid,
    path,
    ...dev,
    diskseq: diskseqInSys(dev) ?? 0n,
    size: (sizeInSys(dev) ?? 0n) * SECTOR,
    readOnly: (flags & FLAGS.READONLY) !== 0,
    targets: [...new Set(segments.map(({ type }) => type))],
    openCount,
    deferredRemove,
    state: deferredRemove ? 'held' : stateOfUnmarked(dm, uuid, flags),
    created: isBlockNodeAt(path, dev) ? nodeMadeAt(path) : undefined,
  };
}

/** A creation makes its device live only after it has marked it. */
function stateOfUnmarked(dm: DmControl, uuid: string, flags: number): DeviceState {
  if ((flags & FLAGS.ACTIVE_PRESENT) !== 0) return 'kept';
  return dm.isBeingMade(uuid) ? 'being-made' : 'leaked';
}
