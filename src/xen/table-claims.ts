import { type DeviceNumber, formatDeviceNumber } from '../dm/device-number.js';
import { DmControl } from '../kernel/dm-control.js';
import type { Kernel } from '../kernel/kernel.js';
import type { Made } from './made.js';
import type { Claim } from './sharing.js';
import type { Mode } from './vbd.js';

/** Targets that read one of their devices and write to others: which is which, the kernel does not tell. */
const READERS: readonly string[] = ['snapshot', 'clone'];
/** Gives each of its devices blocks of its own in the pool. */
const THIN = 'thin';

/** The devices below those of a table, except for each other: known only when they are made, from the kernel. */
export function claimsOfTable(kernel: Kernel, made: readonly Made[], { readOnly }: Mode): Claim[] {
  const own = made.map(formatDeviceNumber);
  return DmControl.with(kernel, (dm) =>
    made.flatMap((layer, index) => {
      const targets = dm.segments(layer, true).map(({ type }) => type);
      return claimsOfLayer(targets, dm.dependencies(layer), readOnly && index === 0).filter(
        (claim) => !own.includes(formatDeviceNumber(claim)),
      );
    }),
  );
}

/** The claim of a device with these targets on the devices below it. */
export function claimsOfLayer(
  targets: readonly string[],
  below: readonly DeviceNumber[],
  readOnly: boolean,
): Claim[] {
  if (targets.every((target) => target === THIN)) return [];
  const write = !readOnly && !targets.some((target) => READERS.includes(target));
  return below.map((device) => ({ ...device, write }));
}
