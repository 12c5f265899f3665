import type { Device } from '../device/handle.js';
import { formatDeviceNumber } from '../dm/device-number.js';

/** The device as one JSON line, with the process that holds it, and its descriptor there. */
export function deviceJson(device: Device): string {
  return JSON.stringify({ ...deviceFields(device), fd: device.fd, pid: process.pid });
}

/** Numbers that may exceed 2^53 are numbers all the same: jq and Python read them whole. */
export function deviceFields(device: Device): object {
  return {
    name: device.name,
    uuid: device.uuid,
    path: device.path,
    dev: formatDeviceNumber(device),
    major: device.major,
    minor: device.minor,
    diskseq: Number(device.diskseq),
    size: Number(device.size),
    readonly: device.readOnly,
    mode: device.mode,
    ...(device.key === undefined ? {} : { key: device.key }),
    loops: device.loops.map(({ minor, file }) => ({ path: `/dev/loop${minor}`, file })),
  };
}
