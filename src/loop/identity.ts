import type { DeviceNumber } from '../dm/device-number.js';

/** A loop device that has a file, by what identifies it while this process does not hold it. */
export interface LoopIdentity extends DeviceNumber {
  /** The disk sequence number: attached anew, it has another one. 0 before Linux 5.15. */
  readonly diskseq: bigint;
  readonly file: string;
}
