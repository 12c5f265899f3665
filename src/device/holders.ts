import { readdirSync, readFileSync } from 'node:fs';
import { type DeviceNumber, formatDeviceNumber } from '../dm/device-number.js';
import { isBlockNodeAt } from '../kernel/block-node.js';

/**
 * Who has the block device open, as far as /proc and /sys tell, in words: processes, mounts, swap areas, devices on top.
 */
export function findHolders(dev: DeviceNumber): string[] {
  const processes = findProcesses(dev).map(({ pid, name }) => `process ${pid} (${name})`);
  return [...processes, ...findMounts(dev), ...findSwaps(dev), ...findDevicesOnTop(dev)];
}

/** The processes but this one that have the block device open, where /proc tells. */
export function findProcesses(dev: DeviceNumber): { readonly pid: string; readonly name: string }[] {
  return list('/proc')
    .filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
    .filter((pid) => list(`/proc/${pid}/fd`).some((fd) => isBlockNodeAt(`/proc/${pid}/fd/${fd}`, dev)))
    .map((pid) => ({ pid, name: read(`/proc/${pid}/comm`).trim() }));
}

function findMounts(dev: DeviceNumber): string[] {
  const number = formatDeviceNumber(dev);
  return read('/proc/self/mountinfo')
    .split('\n')
    .map((line) => line.split(' '))
    .filter((fields) => fields[2] === number)
    .map((fields) => `mount ${unescapeOctal(fields[4] ?? '')}`);
}

function findSwaps(dev: DeviceNumber): string[] {
  return read('/proc/swaps')
    .split('\n')
    .slice(1)
    .map((line) => unescapeOctal(line.split(/\s/)[0] ?? ''))
    .filter((path) => path !== '' && isBlockNodeAt(path, dev))
    .map((path) => `swap ${path}`);
}

function findDevicesOnTop(dev: DeviceNumber): string[] {
  return list(`/sys/dev/block/${formatDeviceNumber(dev)}/holders`).map((name) => `device /dev/${name}`);
}

/** Processes and devices come and go while they are looked at. */
function list(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** /proc writes spaces in paths as `\040`. */
function unescapeOctal(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 8)));
}
