import { type DeviceNumber, formatDeviceNumber } from '../dm/device-number.js';
import { isBlockNodeAt } from '../kernel/block-device.js';
import { listIfThere, readIfThere, swapAreaPaths, unescapePath } from '../kernel/pseudo-files.js';

/**
 * Who has the block device open, as far as /proc and /sys tell, in words: processes, mounts, swap areas, devices on top.
 */
export function findHolders(dev: DeviceNumber): string[] {
  const processes = findProcesses(dev).map(({ pid, name }) => `process ${pid} (${name})`);
  return [...processes, ...findMounts(dev), ...findSwaps(dev), ...findDevicesOnTop(dev)];
}

/** The processes but this one that have the block device open, where /proc tells. */
export function findProcesses(dev: DeviceNumber): { readonly pid: string; readonly name: string }[] {
  return listIfThere('/proc')
    .filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
    .filter((pid) => listIfThere(`/proc/${pid}/fd`).some((fd) => isBlockNodeAt(`/proc/${pid}/fd/${fd}`, dev)))
    .map((pid) => ({ pid, name: readIfThere(`/proc/${pid}/comm`).trim() }));
}

function findMounts(dev: DeviceNumber): string[] {
  const number = formatDeviceNumber(dev);
  return readIfThere('/proc/self/mountinfo')
    .split('\n')
    .map((line) => line.split(' '))
    .filter((fields) => fields[2] === number)
    .map((fields) => `mount ${unescapePath(fields[4] ?? '')}`);
}

function findSwaps(dev: DeviceNumber): string[] {
  return swapAreaPaths()
    .filter((path) => isBlockNodeAt(path, dev))
    .map((path) => `swap ${path}`);
}

function findDevicesOnTop(dev: DeviceNumber): string[] {
  return listIfThere(`/sys/dev/block/${formatDeviceNumber(dev)}/holders`).map(
    (name) => `device /dev/${name}`,
  );
}
