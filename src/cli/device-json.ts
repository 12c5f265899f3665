import type { DeviceFacts } from '../device/facts.js';
import type { DeviceSummary } from '../device/list.js';
import type { DevicePlan } from '../device/plan.js';
import { formatDeviceNumber } from '../dm/device-number.js';
import type { Swap } from '../swap/create.js';

/** What a device is in JSON, whoever tells of it. */
function identity(device: Omit<DeviceSummary, 'openCount' | 'deferredRemove' | 'state'>) {
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
  const { mode, key, loops, mapperLink } = device;
  return {
    ...identity(device),
    mode,
    key,
    loops: loops.map(({ minor, file }) => ({ path: `/dev/loop${minor}`, file })),
    mapperLink,
  };
}

/** A device that would be made. */
export function planJson({ name, table, size, readOnly, loops }: DevicePlan) {
  return { name, table, size, readonly: readOnly, loops: loops.map(({ file }) => ({ file: file ?? null })) };
}

/** A device that is there. */
export function summaryJson(device: DeviceSummary) {
  const { openCount, deferredRemove, state } = device;
  return { ...identity(device), openCount, deferredRemove, state };
}

/** A device that is swap. */
export function swapJson(swap: Swap) {
  const { backing, cipher, keySize, label, swapUuid, swapSize } = swap;
  return { ...deviceJson(swap), backing, cipher, keySize, label, swapUuid, swapSize };
}
