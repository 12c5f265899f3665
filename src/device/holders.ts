import { type DeviceNumber, formatDeviceNumber } from '../dm/device-number.js';
import { isBlockNodeAt } from '../kernel/block-device.js';
import { harmlessMounts, openNodes } from '../kernel/open-nodes.js';
import {
  listIfThere,
  otherProcesses,
  processName,
  readIfThere,
  swapDevicePaths,
  unescapePath,
} from '../kernel/pseudo-files.js';

/**
 * Who has the block device open, as far as /proc and /sys tell, in words: processes, mounts, swap areas, devices on top.
 */
export function findHolders(dev: DeviceNumber): string[] {
  const processes = findProcesses(dev).map(({ pid, name }) => `process ${pid} (${name})`);
  return [...processes, ...findMounts(dev), ...findSwaps(dev), ...findDevicesOnTop(dev)];
}

/** The processes but this one that have the block device open, where /proc tells. */
export function findProcesses(dev: DeviceNumber): { readonly pid: string; readonly name: string }[] {
  const ours = harmlessMounts('self');
  return otherProcesses()
    .filter((pid) => openNodes(pid, ours).some((path) => isBlockNodeAt(path, dev)))
    .map((pid) => ({ pid, name: processName(pid) }));
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
  return swapDevicePaths()
    .filter((path) => isBlockNodeAt(path, dev))
    .map((path) => `swap ${path}`);
}

function findDevicesOnTop(dev: DeviceNumber): string[] {
  return listIfThere(`/sys/dev/block/${formatDeviceNumber(dev)}/holders`).map(
    (name) => `device /dev/${name}`,
  );
}
