import type { DeviceNumber } from '../dm/device-number.js';
import type { LoopIdentity } from '../loop/identity.js';
import type { KeyGiven } from './creation.js';

/** The properties of a layer below. It is held by the layer above, not by this process. */
export interface LayerFacts extends DeviceNumber {
  readonly name: string;
  readonly uuid: string;
  /** /dev/dm-MINOR, which is this device as long as the layer above is there. */
  readonly path: string;
  /** The disk sequence number: no other disk since boot has it. 0 before Linux 5.15. */
  readonly diskseq: bigint;
  /** Bytes. */
  readonly size: bigint;
  readonly readOnly: boolean;
  /** `atomic`: the kernel returned the descriptor; `fallback`: it was opened and its identity proved. */
  readonly mode: 'atomic' | 'fallback';
  readonly loops: readonly LoopIdentity[];
  /** How the kernel got the key that `{key}` in the table stands for; undefined without one. */
  readonly key: KeyGiven | undefined;
}

/** A device's properties that do not change. */
export interface DeviceFacts extends LayerFacts {
  /**
   * /dev/dm-MINOR, which is this device as long as it is held; where /dev had no such node when the device was made, the
   * descriptor's own path.
   */
  readonly path: string;
  /** The layers below, the lowest first. */
  readonly below: readonly LayerFacts[];
  /** /dev/mapper/NAME, where dmfd itself has made it; it goes when the handle is closed. */
  readonly mapperLink: string | undefined;
  /** Warnings for the user. */
  readonly warnings: readonly string[];
}
