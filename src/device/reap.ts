import { means } from '../dm/mangling.js';
import { isOwnUuid } from '../dm/names.js';
import { DmfdError } from '../errors.js';
import { DmControl } from '../kernel/dm-control.js';
import type { Kernel } from '../kernel/kernel.js';
import type { LoopIdentity } from '../loop/identity.js';
import { findStrayLoops, letGo } from '../loop/strays.js';
import { checkProperties, copyOf, TYPES } from '../properties.js';
import { type DeviceState, type DeviceSummary, findDevices, summarize } from './list.js';
import { removeStaleLinks, type StaleLink } from './mapper-link.js';

/** The devices to remove. */
export interface ReapRequest {
  /**
   * Names of devices, whatever their UUIDs are. Default: the leaked devices whose UUID dmfd chose itself; a device
   * that was made with a UUID of its own, which may be another program's, has to be named. With names, loop devices and links
   * are left alone, and nothing is removed if one of the devices is not leaked.
   */
  readonly devices?: readonly string[] | undefined;
  /** Removes nothing, and returns what would be removed. */
  readonly dryRun?: boolean | undefined;
}

/** The result of {@link reapDevices}. */
export interface Reaped {
  /** The devices that it marked for removal, with the open count they had. */
  readonly devices: readonly DeviceSummary[];
  /** The devices that it left alone, because a process is making them. */
  readonly beingMade: readonly DeviceSummary[];
  /** Loop devices of dmfd's whose autoclear flag a holder of the device above had switched off. */
  readonly loops: readonly ReapedLoop[];
  /** Links in /dev/mapper of processes that were killed: those that led to no device of their name. */
  readonly links: readonly StaleLink[];
}

export interface ReapedLoop extends LoopIdentity {
  /** False: it is in use, and goes with its last user. */
  readonly detached: boolean;
}

const PROPERTIES = {
  devices: TYPES.strings,
  dryRun: TYPES.boolean,
} satisfies Record<keyof ReapRequest, unknown>;

/** @throws DmfdError `usage` */
export function checkReapRequest(request: ReapRequest): ReapRequest {
  checkProperties(request, PROPERTIES);
  if (request.devices?.includes('')) {
    throw new DmfdError('device-missing', 'device "": no device is called so', {
      hint: 'listDevices({ all: true }) tells what there is',
    });
  }
  return copyOf(request, Object.keys(PROPERTIES));
}

/**
 * A process with another /dev than ours (a container) locks another control device, and we see nothing of its lock. A
 * creation takes milliseconds.
 */
const GRACE_MILLISECONDS = 1000;

/**
 * Removes the devices that a kill of a dmfd together with its shield left behind: those that are not marked for deferred
 * removal, have never been live, and that no process is making, now and a second later. An unused one is gone when this
 * returns, a used one goes with its last holder. Without names, it also switches autoclear on again for loop devices of dmfd's that
 * lost it, and removes stale links of dmfd's in /dev/mapper.
 *
 * @throws DmfdError `privilege`, `unsupported`, `kernel`; `taken` with code `not-leaked` for a named device that is not leaked
 */
export function reapDevices(kernel: Kernel, request: ReapRequest = {}): Reaped {
  const found = reapUnfinished(kernel, request);
  // After the devices, which hold theirs.
  const strays = request.devices === undefined ? findStrayLoops(kernel) : [];
  const loops = strays.map((loop) => ({ ...loop, detached: !request.dryRun && letGo(kernel, loop) }));
  const links =
    request.devices === undefined
      ? DmControl.with(kernel, (dm) => removeStaleLinks(kernel, dm, request.dryRun ?? false))
      : [];
  return { ...found, loops, links };
}

function reapUnfinished(
  kernel: Kernel,
  { devices: names, dryRun = false }: ReapRequest,
): Pick<Reaped, 'devices' | 'beingMade'> {
  return DmControl.with(kernel, (dm) => {
    const before = findUnfinished(dm, names);
    if (before.length === 0) return { devices: [], beingMade: [] };
    kernel.pause(GRACE_MILLISECONDS);
    const devices: DeviceSummary[] = [];
    const beingMade: DeviceSummary[] = [];
    for (const device of before) {
      const now = examine(dm, device);
      if (now?.state === 'being-made') beingMade.push(now);
      else if (now?.state === 'leaked' && (dryRun || remove(dm, now))) devices.push(now);
    }
    return { devices, beingMade };
  });
}

function findUnfinished(dm: DmControl, names: readonly string[] | undefined): DeviceSummary[] {
  const found = findDevices(
    dm,
    ({ name, uuid }) => names?.some((word) => means(word, name)) ?? isOwnUuid(uuid),
  );
  const unfinished = found.filter(({ state }) => state === 'leaked' || state === 'being-made');
  for (const word of names ?? []) {
    if (unfinished.some(({ name }) => means(word, name))) continue;
    throw notLeaked(word, found.find(({ name }) => means(word, name))?.state);
  }
  return unfinished;
}

/** The same device now; undefined when it is gone, or another one has its number. */
function examine(dm: DmControl, { uuid, name, ...dev }: DeviceSummary): DeviceSummary | undefined {
  const status = dm.status({ dev });
  if (status?.uuid !== uuid || status.name !== name) return undefined;
  return summarize(dm, status);
}

/** False when it went, or a creation took its UUID, before it could be removed. */
function remove(dm: DmControl, device: DeviceSummary): boolean {
  return (
    dm.whileUnclaimed(device.uuid, () => {
      // The claim keeps other makers of this UUID away; a device that was made just before is not ours to remove.
      return examine(dm, device)?.deferredRemove === false && dm.removeDeferred(device);
    }) === true
  );
}

function notLeaked(name: string, state: DeviceState | undefined): DmfdError {
  const subject = `device ${name}`;
  if (state === undefined) {
    return new DmfdError('not-leaked', `${subject}: there is no device of that name`, {
      device: name,
      hint: '"dmsetup info -c" shows what exists',
    });
  }
  return new DmfdError(
    'not-leaked',
    state === 'held'
      ? `${subject}: it is not leaked: it goes with its last holder`
      : `${subject}: it is not leaked: it is in use, and its removal is not deferred`,
    { device: name, hint: 'if nobody needs it, "dmsetup remove --deferred" removes it' },
  );
}
