import { closeSync } from 'node:fs';
import { DmfdError, NODE_HINT } from '../errors.js';
import { isBlockNodeAt } from '../kernel/block-node.js';
import type { CreationResult, KeyGiven } from '../kernel/creation.js';
import { describeErrno } from '../kernel/errno.js';
import { scratchName } from '../kernel/scratch.js';
import { shim } from '../kernel/shim.js';
import type { LoopDevice } from '../loop/attach.js';
import type { CheckedRequest } from './request.js';

/** A loop device under a device: known by its sequence number, for it is not held by us. */
export interface LoopIdentity {
  readonly major: number;
  readonly minor: number;
  readonly diskseq: bigint;
  readonly file: string;
}

/**
 * A device-mapper device, held by an open descriptor. It exists until the descriptor and every other holder (a child
 * that got it, a mount, a swap area, a device on top) is closed.
 */
export class Device {
  readonly name: string;
  readonly uuid: string;
  readonly major: number;
  readonly minor: number;
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
  /** What the user should know. */
  readonly warnings: readonly string[];
  #fd: number;

  /** @internal */
  constructor(
    request: CheckedRequest,
    result: CreationResult,
    loops: readonly LoopDevice[],
    warnings: readonly string[] = [],
  ) {
    this.name = request.name;
    this.uuid = request.uuid;
    this.major = result.dev.major;
    this.minor = result.dev.minor;
    this.diskseq = result.diskseq;
    this.size = result.size;
    this.readOnly = request.readOnly;
    this.mode = result.fromKernel ? 'atomic' : 'fallback';
    this.loops = loops.map(({ major, minor, diskseq, file }) => ({ major, minor, diskseq, file }));
    this.key = result.keyGiven;
    this.warnings = [...warnings, ...loops.flatMap(({ warning }) => warning ?? [])];
    this.#fd = result.fd;
  }

  /** The open descriptor, close-on-exec; -1 once it was closed or released. */
  get fd(): number {
    return this.#fd;
  }

  /** /dev/dm-MINOR, which is this device as long as it is held; where /dev has no such node, the descriptor's own path. */
  get path(): string {
    return this.pathFor(this.#fd);
  }

  /** {@link path} as a process sees it that has the descriptor under another number. */
  pathFor(fd: number): string {
    const node = `/dev/dm-${this.minor}`;
    return isBlockNodeAt(node, this) ? node : `/proc/self/fd/${fd}`;
  }

  /**
   * A second descriptor of the device, read-only and close-on-exec; who asked for it closes it.
   *
   * @throws DmfdError `system` when the device cannot be opened
   */
  openReadOnly(): number {
    // While ours is open, the number cannot become another device's.
    const result = shim.openDevice(this.major, this.minor, true, scratchName());
    if (result >= 0) return result;
    const { name, words } = describeErrno(-result);
    throw new DmfdError('system', `open ${this.path} read-only: ${name}, ${words}`, {
      operation: `open ${this.path} read-only`,
      errno: name,
      hint: NODE_HINT,
    });
  }

  /** Holds the writable device by a read-only descriptor from here on; it is held at every moment between. */
  holdReadOnly(): void {
    const readOnly = this.openReadOnly();
    this.close();
    this.#fd = readOnly;
  }

  /** Lets go of the device. Does nothing the second time. */
  close(): void {
    const fd = this.release();
    if (fd >= 0) closeSync(fd);
  }

  /** Gives the descriptor away: the caller closes it, {@link close} does not. -1 when it is gone already. */
  release(): number {
    const fd = this.#fd;
    this.#fd = -1;
    return fd;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
