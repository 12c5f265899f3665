import { type DeviceNumber, parseDeviceNumber } from '../dm/device-number.js';
import { blockDeviceAt } from './block-device.js';
import { mountsOf } from './mountinfo.js';
import { readIfThere, unescapePath } from './pseudo-files.js';

/** A block device that this mount namespace has mounted. */
export interface MountedDevice extends DeviceNumber {
  /** Where. */
  readonly path: string;
  /** The file system writes nothing. */
  readonly readOnly: boolean;
}

/** They have a number of their own, 0:N, whatever disk they are on. Of others (FUSE, NFS), the source is what somebody has written. */
const UNNUMBERED = ['btrfs', 'bcachefs'];

export function mountedDevices(): MountedDevice[] {
  return mountsOf('self').flatMap(({ device, path, type, source, options }) => {
    const dev = UNNUMBERED.includes(type) ? blockDeviceOf(source) : numbered(device);
    return dev === undefined ? [] : [{ ...dev, path, readOnly: options.includes('ro') }];
  });
}

function numbered(text: string): DeviceNumber | undefined {
  const device = parseDeviceNumber(text);
  return device?.major === 0 ? undefined : device;
}

function blockDeviceOf(source: string): DeviceNumber | undefined {
  return source.startsWith('/') ? blockDeviceAt(source) : undefined;
}

/** A block device that is in use as swap, by its path there. */
export function swapDevices(): (DeviceNumber & { readonly path: string })[] {
  return swapDevicePaths().flatMap((path) => {
    const device = blockDeviceAt(path);
    return device === undefined ? [] : [{ ...device, path }];
  });
}

/** The paths in /proc/swaps. */
export function swapAreaPaths(): string[] {
  return swapAreas().map(({ path }) => path);
}

/** Those of block devices: the paths of files may lead to a file system that does not answer. */
export function swapDevicePaths(): string[] {
  return swapAreas()
    .filter(({ type }) => type === 'partition')
    .map(({ path }) => path);
}

function swapAreas(): { path: string; type: string | undefined }[] {
  return readIfThere('/proc/swaps')
    .split('\n')
    .slice(1)
    .filter((line) => line !== '')
    .map((line) => {
      const [path = '', type] = line.split(/\s+/);
      return { path: unescapePath(path), type };
    });
}
