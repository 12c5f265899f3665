/** A device number, major and minor apart. */
export interface DeviceNumber {
  readonly major: number;
  readonly minor: number;
}

/** From the kernel's "huge" encoding: 12 bits of major between the low 8 and the other bits of the minor. */
export function decodeHugeDevice(encoded: bigint): DeviceNumber {
  const low = Number(encoded & 0xffffffffn);
  return { major: (low >>> 8) & 0xfff, minor: (low & 0xff) | ((low >>> 12) & 0xfff00) };
}

/** The other way. */
export function encodeHugeDevice({ major, minor }: DeviceNumber): bigint {
  return (BigInt(major) << 8n) | BigInt(minor & 0xff) | (BigInt(minor & ~0xff) << 12n);
}

/** From the C library's `dev_t`, which fstat() and the shim give. */
export function decodeLibcDevice(dev: bigint): DeviceNumber {
  return {
    major: Number(((dev >> 8n) & 0xfffn) | ((dev >> 32n) & 0xfffff000n)),
    minor: Number((dev & 0xffn) | ((dev >> 12n) & 0xffffff00n)),
  };
}

/** From `MAJ:MIN` and a newline, as an attribute `dev` in /sys is; undefined for anything else. */
export function parseDeviceNumber(text: string): DeviceNumber | undefined {
  const [, major, minor] = /^(\d+):(\d+)\n?$/.exec(text) ?? [];
  return major === undefined || minor === undefined
    ? undefined
    : { major: Number(major), minor: Number(minor) };
}

/** The node that a device of device-mapper has in /dev. */
export function nodeOf({ minor }: Pick<DeviceNumber, 'minor'>): string {
  return `/dev/dm-${minor}`;
}

/** `MAJ:MIN`, as tables and /sys want it. */
export function formatDeviceNumber({ major, minor }: DeviceNumber): string {
  return `${major}:${minor}`;
}
