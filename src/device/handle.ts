import { nodeOf } from '../dm/device-number.js';
import { DmfdError, NODE_HINT } from '../errors.js';
import { isBlockNodeAt } from '../kernel/block-device.js';
import { describeErrno, errnoError } from '../kernel/errno.js';
import { scratchName } from '../kernel/random.js';
import { shim } from '../kernel/shim.js';
import type { LoopDevice } from '../loop/attach.js';
import type { LoopIdentity } from '../loop/identity.js';
import type { CreationResult, KeyGiven } from './creation.js';
import type { DeviceFacts, LayerFacts } from './facts.js';
import { removeMapperLink } from './mapper-link.js';
import type { CheckedLayer } from './request.js';
import { isAllGone, waitGone } from './wait-gone.js';

/** Milliseconds: as long as `dmfd create --wait-gone` waits. */
const DISPOSAL_LIMIT = 10_000;

/**
 * A device-mapper device, held by an open descriptor. It exists until the descriptor and every other holder (a child
 * that got it, a mount, a swap area, a device on top) is closed.
 */
export class Device implements DeviceFacts, Disposable, AsyncDisposable {
  readonly name: string;
  readonly uuid: string;
  readonly path: string;
  readonly major: number;
  readonly minor: number;
  readonly diskseq: bigint;
  readonly size: bigint;
  readonly readOnly: boolean;
  readonly mode: 'atomic' | 'fallback';
  readonly loops: readonly LoopIdentity[];
  readonly key: KeyGiven | undefined;
  readonly below: readonly LayerFacts[];
  readonly mapperLink: string | undefined;
  readonly warnings: readonly string[];
  #fd: number;
  #released = false;
  #hasLink: boolean;

  /** @internal */
  constructor(facts: DeviceFacts, fd: number) {
    this.name = facts.name;
    this.uuid = facts.uuid;
    this.path = facts.path;
    this.major = facts.major;
    this.minor = facts.minor;
    this.diskseq = facts.diskseq;
    this.size = facts.size;
    this.readOnly = facts.readOnly;
    this.mode = facts.mode;
    this.loops = facts.loops;
    this.key = facts.key;
    this.below = facts.below;
    this.mapperLink = facts.mapperLink;
    this.warnings = facts.warnings;
    this.#fd = fd;
    this.#hasLink = facts.mapperLink !== undefined;
  }

  /** @internal The device that a creation made. */
  static of(
    { name, uuid, readOnly }: Pick<CheckedLayer, 'name' | 'uuid' | 'readOnly'>,
    { dev, fd, fromKernel, diskseq, size, keyGiven }: CreationResult,
    loops: readonly LoopDevice[],
    warnings: readonly string[] = [],
    mapperLink?: string,
  ): Device {
    const facts: DeviceFacts = {
      name,
      uuid,
      path: isBlockNodeAt(nodeOf(dev), dev) ? nodeOf(dev) : descriptorPath(fd),
      ...dev,
      diskseq,
      size,
      readOnly,
      mode: fromKernel ? 'atomic' : 'fallback',
      loops: loops.map(({ major, minor, diskseq, file }) => ({ major, minor, diskseq, file })),
      key: keyGiven,
      below: [],
      mapperLink,
      warnings,
    };
    return new Device(facts, fd);
  }

  /** @internal The same device, which knows the layers that it stands on; this handle has nothing to hold any more. */
  over(layers: readonly Device[]): Device {
    const { facts, fd } = this.handOver();
    const warnings = [...layers, this].flatMap((layer) => layer.warnings);
    return new Device({ ...facts, below: layers.map(factsOfLayer), warnings }, fd);
  }

  /** The open descriptor, close-on-exec; -1 once it was closed or released. */
  get fd(): number {
    return this.#fd;
  }

  /** {@link path} as a process sees it that has the descriptor under another number. */
  pathFor(fd: number): string {
    return this.path === nodeOf(this) ? this.path : descriptorPath(fd);
  }

  /**
   * A second descriptor of the device, read-only and close-on-exec; the caller closes it.
   *
   * @throws DmfdError `usage` when this handle has let go of the device; `system` when the device cannot be opened
   */
  openReadOnly(): number {
    // While ours is open, the number cannot become another device's.
    if (this.#fd < 0)
      throw new DmfdError('invalid-request', `device ${this.name}: this handle has let go of it`, {
        device: this.name,
      });
    const result = shim.openDevice(this.major, this.minor, 1, scratchName());
    if (result >= 0) return result;
    const operation = `open ${this.path} read-only`;
    throw errnoError(operation, describeErrno(-result), { code: 'node-missing', hint: NODE_HINT });
  }

  /**
   * The same device, held by a read-only descriptor from here on; it is held at every moment between, and this handle has
   * nothing to hold any more.
   *
   * @throws DmfdError as {@link openReadOnly}
   */
  heldReadOnly(): Device {
    const held = this.secondHandle();
    shim.close(this.release());
    return held;
  }

  /**
   * A second handle, with a read-only descriptor, which has the link in /dev/mapper from here on.
   *
   * @internal
   * @throws DmfdError as {@link openReadOnly}
   */
  secondHandle(): Device {
    const readOnly = this.openReadOnly();
    const second = new Device({ ...(this as DeviceFacts), path: this.pathFor(readOnly) }, readOnly);
    this.#hasLink = false;
    return second;
  }

  /** @internal All that another handle of the same descriptor needs; this one has nothing to hold any more. */
  handOver(): { readonly facts: DeviceFacts; readonly fd: number } {
    this.#hasLink = false;
    return { facts: { ...(this as DeviceFacts) }, fd: this.release() };
  }

  /** Lets go of the device. Does nothing the second time. */
  close(): void {
    this.#unlink();
    if (this.#fd >= 0) shim.close(this.#fd);
    this.#fd = -1;
  }

  /** While the device is held: the link never leads to another one. */
  #unlink(): void {
    if (this.#hasLink && this.mapperLink !== undefined) removeMapperLink(this.mapperLink, this);
    this.#hasLink = false;
  }

  /**
   * Gives the descriptor away: the caller closes it, {@link close} does not. -1 when it is gone already. The link in /dev/mapper
   * is removed: this process cannot know how long it would be right.
   */
  release(): number {
    this.#unlink();
    const fd = this.#fd;
    this.#fd = -1;
    if (fd >= 0) this.#released = true;
    return fd;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /**
   * Lets go of the device, and returns when the kernel has destroyed it and the layers below, and detached their loop devices. Does not
   * wait for a device that was {@link release | released}.
   *
   * @throws DmfdError `taken` with code `still-held` when another holder keeps it for longer than 10 seconds
   */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#released) return;
    this.close();
    if (isAllGone(await waitGone(this, DISPOSAL_LIMIT))) return;
    throw new DmfdError(
      'still-held',
      `device ${this.name}: somebody else has held it for ${DISPOSAL_LIMIT / 1000} s since it was closed`,
      { device: this.name, hint: 'findHolders() tells who' },
    );
  }
}

function factsOfLayer(device: Device): LayerFacts {
  return {
    name: device.name,
    uuid: device.uuid,
    path: nodeOf(device),
    major: device.major,
    minor: device.minor,
    diskseq: device.diskseq,
    size: device.size,
    readOnly: device.readOnly,
    mode: device.mode,
    loops: device.loops,
    key: device.key,
  };
}

function descriptorPath(fd: number): string {
  return `/proc/self/fd/${fd}`;
}
