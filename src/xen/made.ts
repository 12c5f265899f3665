import { isAttached, isThere } from '../device/wait-gone.js';
import { type DeviceNumber, formatDeviceNumber, parseDeviceNumber } from '../dm/device-number.js';
import type { DmControl } from '../kernel/dm-control.js';
import { LOOP_MAJOR } from '../loop/protocol.js';

/** A device that was made for a disk, and goes with it. */
export interface Made extends DeviceNumber {
  /** 0 before Linux 5.15. */
  readonly diskseq: bigint;
  /** Of device-mapper; undefined of a loop device. */
  readonly uuid: string | undefined;
}

/** The node that tells what goes with the disk: with the others that have it, where there are such. */
export const MADE = 'dmfd-made';

/** As xenstore keeps it until the disk is removed: `253:3@15=DMFD-… 7:0@14`. */
export function formatMade(devices: readonly Made[]): string {
  return devices
    .map((device) => {
      const uuid = device.uuid === undefined ? '' : `=${device.uuid}`;
      return `${formatDeviceNumber(device)}@${device.diskseq}${uuid}`;
    })
    .join(' ');
}

/** Reads the text of {@link formatMade}; any other text is not dmfd's. */
export function parseMade(text: string): Made[] {
  return text.split(' ').flatMap((word) => {
    const [, number = '', diskseq, uuid] = /^(\d+:\d+)@(\d{1,20})(?:=(.+))?$/.exec(word) ?? [];
    const device = parseDeviceNumber(number);
    if (device === undefined || diskseq === undefined) return [];
    if (uuid === undefined && device.major !== LOOP_MAJOR) return [];
    return [{ ...device, diskseq: BigInt(diskseq), uuid }];
  });
}

/** Whether the kernel has it still, and not another one under its number. */
export function isStillMade(dm: DmControl, { uuid, ...device }: Made): boolean {
  return uuid === undefined ? isAttached(device) : isThere(dm, { ...device, uuid });
}
