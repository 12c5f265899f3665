import type { LayerFacts } from '../device/facts.js';
import type { Device } from '../device/handle.js';
import { formatDeviceNumber } from '../dm/device-number.js';

/** A layer as a command is told of it, each value as text. */
export interface LayerDescription {
  readonly path: string;
  readonly name: string;
  readonly uuid: string;
  /** MAJ:MIN */
  readonly dev: string;
  readonly diskseq: string;
  /** Bytes. */
  readonly size: string;
  /** The paths of its loop devices, in the order of the request. */
  readonly loops: readonly string[];
}

/** The device as its command is told of it. */
export interface Description extends LayerDescription {
  readonly fd: string;
  readonly mode: string;
  /** The layers below, the lowest first. */
  readonly below: readonly LayerDescription[];
}

/** The device as a process sees it that has the descriptor as `fd`. */
export function describeDevice(device: Device, fd: number): Description {
  return {
    ...describeLayer(device),
    fd: String(fd),
    path: device.pathFor(fd),
    mode: device.mode,
    below: device.below.map(describeLayer),
  };
}

function describeLayer(layer: LayerFacts): LayerDescription {
  return {
    path: layer.path,
    name: layer.name,
    uuid: layer.uuid,
    dev: formatDeviceNumber(layer),
    diskseq: String(layer.diskseq),
    size: String(layer.size),
    loops: layer.loops.map(({ minor }) => `/dev/loop${minor}`),
  };
}
