import type { DeviceNumber } from '../dm/device-number.js';
import type { DmControl } from '../kernel/dm-control.js';
import type { Kernel } from '../kernel/kernel.js';
import { numbersOf } from '../kernel/layout.js';
import { shim } from '../kernel/shim.js';

export const RELOAD_STEPS = ['READ', 'LOAD', 'SWAP', 'SHIELD'] as const;

export type ReloadStep = (typeof RELOAD_STEPS)[number];

/** The result of {@link reloadTable}. */
export interface Reload {
  /** 0, or a negative errno; then the device is as it was. */
  readonly result: number;
  readonly failedStep: ReloadStep | undefined;
  /** The device below the last segment, and the sector where it begins there. */
  readonly backing: DeviceNumber & { readonly start: bigint };
  /** The table names its key, and does not have it. */
  readonly keyInKeyring: boolean;
}

const resizingAt = numbersOf('resizing', [
  'bytes',
  'control',
  'major',
  'minor',
  'length',
  'backing_start',
  'backing_major',
  'backing_minor',
  'key_in_keyring',
  'failed_step',
]);
const steps = numbersOf('resize_step', RELOAD_STEPS);

/**
 * Loads the live table of a device again, with another length of its last segment, and makes it live. The table may have a key in
 * it: it is read, changed and loaded in C, and never comes here.
 *
 * @param dev pinned by a descriptor of ours
 * @param length sectors; 0 changes nothing
 */
export function reloadTable(kernel: Kernel, dm: DmControl, dev: DeviceNumber, length: bigint): Reload {
  const at = resizingAt();
  const buffer = Buffer.alloc(at.bytes);
  buffer.writeInt32LE(dm.fd, at.control);
  buffer.writeUInt32LE(dev.major, at.major);
  buffer.writeUInt32LE(dev.minor, at.minor);
  buffer.writeBigUInt64LE(length, at.length);
  const what = length === 0n ? 'DM_TABLE_STATUS' : 'DM_TABLE_STATUS, DM_TABLE_LOAD, DM_DEV_SUSPEND (resume)';
  const result = kernel.call(what, () => shim.resize(buffer));
  const failed = buffer.readUInt32LE(at.failed_step);
  return {
    result,
    failedStep: RELOAD_STEPS.find((name) => steps()[name] === failed),
    backing: {
      major: buffer.readUInt32LE(at.backing_major),
      minor: buffer.readUInt32LE(at.backing_minor),
      start: buffer.readBigUInt64LE(at.backing_start),
    },
    keyInKeyring: buffer.readUInt32LE(at.key_in_keyring) === 1,
  };
}
