import type { Device } from '../device/handle.js';
import { formatDeviceNumber } from '../dm/device-number.js';

/** What a command is told of its device, each as text. */
export interface Description {
  readonly fd: string;
  readonly path: string;
  readonly name: string;
  readonly uuid: string;
  /** MAJ:MIN */
  readonly dev: string;
  readonly diskseq: string;
  /** Bytes. */
  readonly size: string;
  readonly mode: string;
  /** The paths of its loop devices, in the order of the request. */
  readonly loops: readonly string[];
}

/** The device as a process sees it that has the descriptor as `fd`. */
export function describeDevice(device: Device, fd: number): Description {
  return {
    fd: String(fd),
    path: device.pathFor(fd),
    name: device.name,
    uuid: device.uuid,
    dev: formatDeviceNumber(device),
    diskseq: String(device.diskseq),
    size: String(device.size),
    mode: device.mode,
    loops: device.loops.map(({ minor }) => `/dev/loop${minor}`),
  };
}
