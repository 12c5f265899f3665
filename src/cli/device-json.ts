import type { DeviceFacts, LayerFacts } from '../device/facts.js';
import type { Device } from '../device/handle.js';
import type { Holder } from '../device/holders.js';
import type { DeviceSummary } from '../device/list.js';
import type { DevicePlan, LayerPlan } from '../device/plan.js';
import { formatDeviceNumber, nodeOf } from '../dm/device-number.js';
import type { Swap } from '../swap/create.js';

/** A device in JSON, the same in all commands. */
function identity(device: Pick<DeviceFacts, keyof DeviceFacts & keyof DeviceSummary>) {
  const { name, uuid, path, major, minor, diskseq, size, readOnly } = device;
  return {
    name,
    uuid,
    path,
    dev: formatDeviceNumber(device),
    major,
    minor,
    diskseq,
    size,
    readonly: readOnly,
  };
}

/** A device that was just made. */
export function deviceJson(device: DeviceFacts) {
  const { below, mapperLink } = device;
  return { ...layerJson(device), below: below.map(layerJson), mapperLink };
}

/** A device that this process holds, for others to read. */
export function heldJson(device: Device) {
  return { ...deviceJson(device), path: pathForOthers(device), fd: device.fd, pid: process.pid };
}

/** A device that is given away. Where /dev has no node, its path leads nowhere: a descriptor of ours would be another file for whoever has it then. */
export function givenJson(device: DeviceFacts) {
  return { ...deviceJson(device), path: nodeOf(device) };
}

/** Where /dev has no node, the path is that of a descriptor, and each process sees its own there. */
export function pathForOthers(device: Device): string {
  return device.path === nodeOf(device) ? device.path : `/proc/${process.pid}/fd/${device.fd}`;
}

function layerJson(device: LayerFacts) {
  const { mode, key, loops } = device;
  return {
    ...identity(device),
    mode,
    key,
    loops: loops.map(({ minor, file }) => ({ path: `/dev/loop${minor}`, file })),
  };
}

/** A device that would be made. */
export function planJson(plan: DevicePlan) {
  return { ...layerPlanJson(plan), below: plan.below.map(layerPlanJson) };
}

function layerPlanJson({ name, table, size, readOnly, loops }: LayerPlan) {
  return { name, table, size, readonly: readOnly, loops: loops.map(({ file }) => ({ file: file ?? null })) };
}

/** A device that is there; with its holders, where they were looked for. */
export function summaryJson(device: DeviceSummary, holders?: readonly Holder[]) {
  const { targets, openCount, deferredRemove, state, created } = device;
  return {
    ...identity(device),
    targets,
    openCount,
    deferredRemove,
    state,
    created: created?.toISOString() ?? null,
    holders,
  };
}

/** A device that is swap. */
export function swapJson(swap: Swap) {
  const { backing, cipher, keySize, label, swapUuid, swapSize } = swap;
  return { ...layerJson(swap), backing, cipher, keySize, label, swapUuid, swapSize };
}
