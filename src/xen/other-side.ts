import { type DeviceNumber, formatDeviceNumber, nodeOf } from '../dm/device-number.js';
import { DmfdError } from '../errors.js';
import { readDiskseq } from '../kernel/block-device.js';
import { DmControl } from '../kernel/dm-control.js';
import { describeErrno } from '../kernel/errno.js';
import type { Kernel } from '../kernel/kernel.js';
import { scratchName } from '../kernel/random.js';
import { shim } from '../kernel/shim.js';
import { type Disk, whole } from './disk.js';
import type { SameDisk } from './same-disk.js';

/**
 * Opens the device that was made for the other side of a disk, a domain's or its device model's: another one with the same
 * content would not have what is written to this one.
 *
 * @throws DmfdError `taken` when it is gone
 */
export function openOtherSide(kernel: Kernel, { vbd, made }: SameDisk): Disk {
  const [top] = made;
  if (top?.uuid === undefined) throw lost(vbd.path, 'no device of device-mapper, by what xenstore tells');
  const { uuid, major, minor, diskseq } = top;
  const what = `device ${formatDeviceNumber(top)} (${uuid})`;
  const fd = kernel.call(`open ${nodeOf(top)}`, () => shim.openDevice(major, minor, 1, scratchName()));
  if (fd < 0) {
    const { name, words } = describeErrno(-fd);
    throw lost(vbd.path, `${what}, which cannot be opened: ${name}, ${words}`);
  }
  const close = () => {
    shim.close(fd);
  };
  return whole({ close }, () => {
    const dev = DmControl.with(kernel, (dm) => dm.status({ uuid })?.dev);
    // While it is open, its number is no other device's.
    if (dev === undefined || !isSameNumber(dev, top) || readDiskseq(kernel, fd) !== diskseq)
      throw lost(vbd.path, `${what}, which is gone: another device has that number`);
    return { major, minor, path: nodeOf(top), diskseq, made, isOthersToo: true, warnings: [], close };
  });
}

function isSameNumber(one: DeviceNumber, other: DeviceNumber): boolean {
  return one.major === other.major && one.minor === other.minor;
}

function lost(path: string, has: string): DmfdError {
  return new DmfdError(
    'backing-replaced',
    `a domain and its device model have the same disks, and ${path} has ${has}`,
    { hint: 'detach that disk, or shut the domain down, and attach it anew' },
  );
}
