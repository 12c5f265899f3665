import { readFileSync } from 'node:fs';
import { type DeviceNumber, formatDeviceNumber } from '../dm/device-number.js';
import { shim } from './shim.js';

/** `_IOR(0x12, 128, __u64)`, Linux 5.15. */
const BLKGETDISKSEQ = 0x80081280;

/** The disk sequence number of an open block device; 0 where the kernel has none. */
export function readDiskseq(fd: number): bigint {
  const value = Buffer.alloc(8);
  return shim.ioctl(fd, BLKGETDISKSEQ, value) < 0 ? 0n : value.readBigUInt64LE();
}

/** What /sys says of the device that has this number now; undefined when there is none, or no /sys. */
export function diskseqInSys(dev: DeviceNumber): bigint | undefined {
  try {
    return BigInt(readFileSync(`/sys/dev/block/${formatDeviceNumber(dev)}/diskseq`, 'ascii').trim());
  } catch {
    return undefined;
  }
}
