import { type DeviceNumber, formatDeviceNumber } from '../dm/device-number.js';
import { blockDeviceAt } from '../kernel/block-device.js';
import { mountedDevices, swapDevices } from '../kernel/block-users.js';
import { EXCLUSIVE_HOLDERS } from '../kernel/exclusive.js';
import { harmlessMounts, openNodes } from '../kernel/open-nodes.js';
import { otherProcesses, processName } from '../kernel/processes.js';
import { listIfThere } from '../kernel/pseudo-files.js';

/** A holder of a block device. */
export type Holder =
  | { readonly kind: 'process'; readonly pid: number; readonly name: string }
  /** Where it is mounted, the swap area, the device on top. */
  | { readonly kind: 'mount' | 'swap' | 'device'; readonly path: string };

/**
 * The holders of the block device, as far as /proc and /sys tell, in words: processes, mounts, swap areas, devices on top.
 */
export function findHolders(dev: DeviceNumber): string[] {
  return findHoldersOf([dev]).flat().map(holderWords);
}

/** Who may have it exclusively, in words; where nobody is found, what kinds of users do. */
export function claimantsOf(dev: DeviceNumber): string {
  return findHolders(dev).join(', ') || EXCLUSIVE_HOLDERS;
}

/** Who has it open still, in words. */
export function stillHeldBy(dev: DeviceNumber): string {
  return findHolders(dev).join(', ') || 'a holder that /proc does not show';
}

export function holderWords(holder: Holder): string {
  return holder.kind === 'process'
    ? `process ${holder.pid} (${holder.name})`
    : `${holder.kind} ${holder.path}`;
}

/** The same of each of the devices: processes and mounts are looked at once for all of them. */
export function findHoldersOf(devices: readonly DeviceNumber[]): Holder[][] {
  if (devices.length === 0) return [];
  const found = new Map<string, Holder[]>(devices.map((dev) => [formatDeviceNumber(dev), []]));
  for (const { pid, name, opens } of devicesOfProcesses()) {
    for (const number of opens) found.get(number)?.push({ kind: 'process', pid, name: name() });
  }
  for (const use of mountedDevices())
    found.get(formatDeviceNumber(use))?.push({ kind: 'mount', path: use.path });
  for (const use of swapDevices()) found.get(formatDeviceNumber(use))?.push({ kind: 'swap', path: use.path });
  return devices.map((dev) => {
    const number = formatDeviceNumber(dev);
    return [...(found.get(number) ?? []), ...devicesOnTop(number)];
  });
}

/** The names of the processes but this one that have the block device open, where /proc tells. */
export function findProcesses(dev: DeviceNumber): string[] {
  const number = formatDeviceNumber(dev);
  return [...devicesOfProcesses()].filter(({ opens }) => opens.has(number)).map(({ name }) => name());
}

/** The block devices that each other process has open, as MAJ:MIN. */
function* devicesOfProcesses(): Generator<{ pid: number; name: () => string; opens: Set<string> }> {
  const ours = harmlessMounts('self');
  for (const pid of otherProcesses()) {
    const opens = new Set(
      openNodes(pid, ours)
        .map(blockDeviceAt)
        .flatMap((dev) => (dev === undefined ? [] : [formatDeviceNumber(dev)])),
    );
    yield { pid: Number(pid), name: () => processName(pid), opens };
  }
}

function devicesOnTop(number: string): Holder[] {
  return listIfThere(`/sys/dev/block/${number}/holders`).map((name) => ({
    kind: 'device',
    path: `/dev/${name}`,
  }));
}
