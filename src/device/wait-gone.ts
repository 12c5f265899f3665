import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DeviceNumber } from '../dm/device-number.js';
import { diskseqInSys } from '../kernel/block-device.js';
import { DmControl } from '../kernel/dm-control.js';
import { Kernel } from '../kernel/kernel.js';
import type { LoopIdentity } from '../loop/identity.js';
import { checkSome, TYPES } from '../properties.js';
import type { LayerFacts } from './facts.js';

/** The parts of a device that are still there. */
export interface Remains {
  readonly device: boolean;
  /** The layers below that are there, the lowest first. */
  readonly below: readonly LayerIdentity[];
  /** Its own, and those of the layers below. */
  readonly loops: readonly LoopIdentity[];
}

/** Whether nothing is left. */
export function isAllGone({ device, below, loops }: Remains): boolean {
  return !device && below.length + loops.length === 0;
}

/** Identifies a device after it was closed. */
export interface DeviceIdentity extends Omit<LayerIdentity, 'name'> {
  readonly below: readonly LayerIdentity[];
}

/** Identifies a layer below. */
export type LayerIdentity = Pick<LayerFacts, 'name' | 'uuid' | 'major' | 'minor' | 'diskseq' | 'loops'>;

const NUMBER = { major: TYPES.count, minor: TYPES.count, diskseq: TYPES.bigint };
const MAPPED = { ...NUMBER, uuid: TYPES.string, loops: TYPES.objects };

/** @throws DmfdError `usage` */
export function checkIdentity(device: DeviceIdentity): void {
  const known = { ...MAPPED, below: TYPES.objects };
  checkSome(device, known, Object.keys(known));
  const checkLoops = (loops: readonly LoopIdentity[], where: string) => {
    for (const [index, loop] of loops.entries())
      checkSome(loop, NUMBER, Object.keys(NUMBER), `${where}[${index}]`);
  };
  checkLoops(device.loops, 'loops');
  for (const [index, layer] of device.below.entries()) {
    checkSome(layer, MAPPED, Object.keys(MAPPED), `below[${index}]`);
    checkLoops(layer.loops, `below[${index}].loops`);
  }
}

const LONGEST_PAUSE = 50;

/**
 * As {@link pollGone}, of a device that this process has made: device-mapper is there, and to open its control device is quick.
 *
 * @param milliseconds how long at most
 */
export async function waitGone(
  device: DeviceIdentity,
  milliseconds: number,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<Remains> {
  signal?.throwIfAborted();
  return await pollGone(DmControl.open(new Kernel()), device, performance.now() + milliseconds, signal);
}

/**
 * Waits until the kernel has destroyed the device and the layers below, and detached their loop devices, each known by its sequence number,
 * so that another one under the same number is not taken for it.
 *
 * @param dm is closed at the end
 * @param limit when the time is up, by `performance.now()`
 * @returns what is left: nothing, unless the time was up
 * @throws the signal's reason
 */
export async function pollGone(
  dm: DmControl,
  device: DeviceIdentity,
  limit: number,
  signal: AbortSignal | undefined,
): Promise<Remains> {
  try {
    for (let pause = 1; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
      const remains = whatRemains(dm, device);
      const left = limit - performance.now();
      if (isAllGone(remains) || left <= 0) return remains;
      await sleepOrAbort(Math.min(pause, left), signal);
    }
  } finally {
    dm[Symbol.dispose]();
  }
}

/** Node wraps the reason of a signal into an error of its own. */
async function sleepOrAbort(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(milliseconds, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

function whatRemains(dm: DmControl, device: DeviceIdentity): Remains {
  return {
    device: isThere(dm, device),
    below: device.below.filter((layer) => isThere(dm, layer)),
    loops: [...device.below, device].flatMap(({ loops }) => loops).filter((loop) => isAttached(loop)),
  };
}

type MappedIdentity = Omit<DeviceIdentity, 'loops' | 'below'>;

/** Whether the device, and not another one under its number or UUID, has not been destroyed yet. */
export function isThere(dm: DmControl, device: MappedIdentity): boolean {
  return isListed(dm, device) || isRegistered(device);
}

function isListed(dm: DmControl, device: MappedIdentity): boolean {
  return dm.status({ uuid: device.uuid }) !== undefined && isStill(device);
}

/** The kernel forgets a device's name and UUID before it unregisters its disk. */
function isRegistered(device: MappedIdentity): boolean {
  return device.diskseq !== 0n && diskseqInSys(device) === device.diskseq;
}

/** Whether the device with that number is the same one: its UUID may belong to a successor, if the user chose it. */
export function isStill(device: DeviceNumber & { readonly diskseq: bigint }): boolean {
  if (device.diskseq === 0n) return true;
  const now = diskseqInSys(device);
  return now === undefined || now === device.diskseq;
}

/** Whether a loop device has the file that it had, and not another one. */
export function isAttached(loop: Omit<LoopIdentity, 'file'>): boolean {
  if (!existsSync(`/sys/block/loop${loop.minor}/loop/backing_file`)) return false;
  return isStill(loop);
}
