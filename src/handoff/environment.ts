import { type Bytes, bytesOf } from './bytes.js';
import type { Description } from './describe.js';

/** The caller's environment with the device's variables in place of older ones of the same names. */
export function commandEnvironment(caller: readonly Bytes[], device: Description): Bytes[] {
  const ours = Object.entries({
    DMFD_FD: device.fd,
    DMFD_PATH: device.path,
    DMFD_NAME: device.name,
    DMFD_UUID: device.uuid,
    DMFD_DEV: device.dev,
    DMFD_DISKSEQ: device.diskseq,
    DMFD_SIZE: device.size,
    DMFD_MODE: device.mode,
  }).map(([name, value]) => bytesOf(`${name}=${value}`));
  const replaced = new Set(ours.map(variableName));
  return [...caller.filter((entry) => !replaced.has(variableName(entry))), ...ours];
}

function variableName(entry: Bytes): Bytes {
  return entry.slice(0, entry.indexOf('='));
}
