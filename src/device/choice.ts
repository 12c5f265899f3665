import { type DeviceNumber, nodeOf } from '../dm/device-number.js';
import type { ReplyHeader } from '../dm/header.js';
import { means } from '../dm/mangling.js';
import { DmfdError, NODE_HINT } from '../errors.js';
import { blockDeviceAt, diskseqInSys, isBlockNodeAt, readDiskseq } from '../kernel/block-device.js';
import type { DmControl } from '../kernel/dm-control.js';
import { describeErrno, errnoError, isRefusal } from '../kernel/errno.js';
import type { Kernel } from '../kernel/kernel.js';
import { scratchName } from '../kernel/random.js';
import { shim } from '../kernel/shim.js';
import { checkProperties, copyOf, type Type } from '../properties.js';

/** Chooses a device, by one of the two properties. */
export interface DeviceChoice {
  /** Its name or its UUID, or with a `/` in it the path of its node. */
  readonly device?: string | undefined;
  /** Its disk sequence number, which no other disk since boot has (Linux 5.15). */
  readonly diskseq?: bigint | undefined;
}

/** A device that was chosen. */
export interface ChosenDevice {
  /** The kernel's status of it now. */
  readonly status: ReplyHeader;
  /** A read-only descriptor: while it is open, its number is no other device's. undefined for one without any table, which cannot be opened. */
  readonly fd: number | undefined;
}

/** @throws DmfdError `usage` */
export function checkChoice<T extends DeviceChoice>(
  request: T,
  types: Readonly<Record<string, Type>>,
  required: readonly string[] = [],
): T {
  checkProperties(request, types, required);
  const { device, diskseq } = request;
  if ((device === undefined) === (diskseq === undefined)) {
    throw new DmfdError('invalid-request', 'exactly one of the properties device and diskseq is needed');
  }
  if (device === '' || device?.includes('\0') || (diskseq !== undefined && diskseq <= 0n)) {
    throw new DmfdError('device-missing', `${subjectOf(request)}: no device is called so`, WHICH);
  }
  return copyOf(request, Object.keys(types));
}

/** The beginning of messages. */
function subjectOf({ device, diskseq }: DeviceChoice): string {
  return device === undefined ? `disk sequence number ${diskseq}` : `device ${JSON.stringify(device)}`;
}

/**
 * Finds a device, opens it, and proves that what was opened is what was named, while `use` runs: from the proof on, its number
 * cannot become another device's.
 *
 * @throws DmfdError `usage` when there is no such device, or two
 */
export function withChosen<T>(
  kernel: Kernel,
  dm: DmControl,
  choice: DeviceChoice,
  use: (chosen: ChosenDevice) => T,
): T {
  const dev = find(dm, choice);
  if (dev === undefined) throw missing(choice);
  const fd = open(kernel, dev);
  try {
    const status = dm.status({ dev });
    // Without a descriptor, nothing says that the number is still the device's but what it is called.
    if (status === undefined || !isMeant(kernel, choice, status, fd)) throw missing(choice);
    return use({ status, fd });
  } finally {
    if (fd !== undefined) shim.close(fd);
  }
}

function find(dm: DmControl, choice: DeviceChoice): DeviceNumber | undefined {
  const { device, diskseq } = choice;
  if (device?.includes('/')) {
    const dev = blockDeviceAt(device);
    if (dev === undefined) throw notADevice(choice, 'there is no block device at that path');
    if (dm.status({ dev }) === undefined)
      throw notADevice(choice, 'it is a block device, but none of device-mapper');
    return dev;
  }
  const numbers = dm.listDevices().map(({ dev }) => dev);
  if (diskseq !== undefined) return numbers.find((dev) => diskseqInSys(dev) === diskseq);
  const found = numbers
    .flatMap((dev) => dm.status({ dev }) ?? [])
    .filter((status) => isCalled(choice, status));
  if (found.length > 1) {
    throw new DmfdError(
      'device-missing',
      `${subjectOf(choice)}: ${found.map(({ dev }) => nodeOf(dev)).join(' and ')} have that name or UUID; name one of them by its path`,
      WHICH,
    );
  }
  return found[0]?.dev;
}

/** undefined for a device without any table, which has no disk. */
function open(kernel: Kernel, { major, minor }: DeviceNumber): number | undefined {
  const operation = `open ${nodeOf({ minor })}`;
  const result = kernel.call(operation, () => shim.openDevice(major, minor, 1, scratchName()));
  if (result >= 0) return result;
  const errno = describeErrno(-result);
  if (['ENXIO', 'ENODEV', 'ENOENT'].includes(errno.name)) return undefined;
  throw errnoError(operation, errno, {
    code: 'node-missing',
    ...(isRefusal(errno) ? { hint: NODE_HINT } : {}),
  });
}

function isMeant(kernel: Kernel, choice: DeviceChoice, status: ReplyHeader, fd: number | undefined): boolean {
  if (choice.diskseq !== undefined) return fd !== undefined && readDiskseq(kernel, fd) === choice.diskseq;
  if (!choice.device?.includes('/')) return isCalled(choice, status);
  return isBlockNodeAt(choice.device, status.dev);
}

function isCalled({ device }: DeviceChoice, { name, uuid }: ReplyHeader): boolean {
  return device !== undefined && (means(device, name) || means(device, uuid));
}

const WHICH = { hint: 'listDevices({ all: true }) tells what there is' };

function missing(choice: DeviceChoice): DmfdError {
  return notADevice(choice, choice.device === undefined ? 'no device has it' : 'there is no such device');
}

function notADevice(choice: DeviceChoice, what: string): DmfdError {
  return new DmfdError('device-missing', `${subjectOf(choice)}: ${what}`, WHICH);
}
