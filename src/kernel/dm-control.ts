import type { DeviceNumber } from '../dm/device-number.js';
import { decodeReply, encodeRequest, type ReplyHeader, type RequestHeader } from '../dm/header.js';
import {
  decodeDependencies,
  decodeDeviceList,
  decodeTargetVersions,
  type ListedDevice,
  type TargetVersion,
} from '../dm/lists.js';
import { mangle } from '../dm/mangling.js';
import { encodeMessage } from '../dm/message.js';
import { isOwnUuid } from '../dm/names.js';
import { COMMANDS, type CommandName, FLAGS, MAX_DATA_SIZE } from '../dm/protocol.js';
import { decodeSegments, type LiveSegment } from '../dm/segments.js';
import { udevEvent } from '../dm/udev.js';
import { DmfdError, PRIVILEGE_HINT } from '../errors.js';
import { type CString, cString } from './c-string.js';
import { describeErrno, isRefusal, resultName } from './errno.js';
import type { Kernel } from './kernel.js';
import { DM_CONTROL, openMiscDevice, openMiscDeviceIfThere } from './misc-device.js';
import { shim } from './shim.js';

const FIRST_REPLY_SIZE = 16 * 1024;

/** By what a device is asked for; never by two. */
export type DeviceKey =
  | { readonly dev: DeviceNumber }
  | { readonly name: string }
  | { readonly uuid: string };

/**
 * Device-mapper's control device: the one gate for its commands, but for those of a creation and of a resize, which C makes
 * (native-shims/device/create.c, resize.c, and key/ where a table may have a key in it).
 */
export class DmControl implements Disposable {
  /** @param fd of the control device; it is closed with this */
  constructor(
    private readonly kernel: Kernel,
    readonly fd: number,
  ) {}

  /** @throws DmfdError `privilege`, `unsupported` or `system` when it cannot be opened */
  static open(kernel: Kernel): DmControl {
    return new DmControl(kernel, openMiscDevice(kernel, DM_CONTROL));
  }

  /** Opens it for as long as `use` runs. @throws DmfdError as {@link open} */
  static with<T>(kernel: Kernel, use: (dm: DmControl) => T): T {
    const dm = DmControl.open(kernel);
    try {
      return use(dm);
    } finally {
      dm[Symbol.dispose]();
    }
  }

  /**
   * Has `use` ask it what can be known, where the driver is loaded and answers this process. Elsewhere nothing is done, and no
   * module is loaded for it.
   */
  static whereAllowed(kernel: Kernel, use: (dm: DmControl) => void): void {
    const fd = openMiscDeviceIfThere(kernel, DM_CONTROL);
    if (fd === undefined) return;
    const dm = new DmControl(kernel, fd);
    try {
      use(dm);
    } catch (error) {
      if (!(error instanceof DmfdError && error.kind === 'privilege')) throw error;
    } finally {
      dm[Symbol.dispose]();
    }
  }

  [Symbol.dispose](): void {
    shim.close(this.fd);
  }

  /** DM_VERSION. In: nothing. Returns the version of the driver's interface, `4.47.0`. */
  version(): string {
    return decodeReply(this.#must('VERSION')).version.join('.');
  }

  /** DM_LIST_DEVICES. In: nothing. Out: DM_BUFFER_FULL. All devices, of all programs. */
  listDevices(): ListedDevice[] {
    return decodeDeviceList(this.#must('LIST_DEVICES'));
  }

  /** DM_LIST_VERSIONS. In: nothing. Out: DM_BUFFER_FULL. The target types that are loaded. */
  loadedTargets(): TargetVersion[] {
    return decodeTargetVersions(this.#must('LIST_VERSIONS'));
  }

  /** The version of a target type that is loaded; undefined when it is not, or the kernel does not tell. */
  loadedVersion(type: string): TargetVersion['version'] | undefined {
    const reply = this.#ask('LIST_VERSIONS');
    if (typeof reply === 'number') return undefined;
    return decodeTargetVersions(reply).find(({ name }) => name === type)?.version;
  }

  /** DM_GET_TARGET_VERSION (Linux 5.4), which loads the type's module. In: name of the type. undefined where it fails. */
  targetVersion(type: string): TargetVersion['version'] | undefined {
    const reply = this.#ask('GET_TARGET_VERSION', { name: type });
    return typeof reply === 'number' ? undefined : decodeTargetVersions(reply)[0]?.version;
  }

  /**
   * DM_DEV_STATUS. In: number, name or UUID. Out: DM_READONLY, DM_SUSPEND, DM_ACTIVE_PRESENT, DM_INACTIVE_PRESENT,
   * DM_DEFERRED_REMOVE. undefined when there is no such device.
   *
   * @throws DmfdError `privilege` or `kernel` for every other answer
   */
  status(device: DeviceKey): ReplyHeader | undefined {
    const reply = this.#ask('DEV_STATUS', device, 0);
    if (typeof reply !== 'number') return decodeReply(reply);
    if (resultName(reply) === 'ENXIO') return undefined;
    throw this.#failure('DM_DEV_STATUS', reply);
  }

  /**
   * DM_TABLE_STATUS without the arguments of the targets, which may hold a key. In: number, DM_NOFLUSH_FLAG,
   * DM_QUERY_INACTIVE_TABLE_FLAG. Out: DM_BUFFER_FULL. Of the live table, or of the one that is loaded. Empty where there is none.
   */
  segments(dev: DeviceNumber, isLive: boolean): LiveSegment[] {
    return this.#segments(dev, isLive ? 0 : FLAGS.QUERY_INACTIVE);
  }

  /**
   * DM_TABLE_STATUS of the live table with the arguments of the targets: not for targets that have a key, which would come
   * into this process. In: number, DM_NOFLUSH_FLAG, DM_STATUS_TABLE_FLAG, DM_SECURE_DATA_FLAG. Out: DM_BUFFER_FULL.
   */
  table(dev: DeviceNumber): LiveSegment[] {
    return this.#segments(dev, FLAGS.STATUS_TABLE | FLAGS.SECURE_DATA);
  }

  #segments(dev: DeviceNumber, flags: number): LiveSegment[] {
    const reply = this.#ask('TABLE_STATUS', { dev, flags: FLAGS.NOFLUSH | flags });
    return typeof reply === 'number' ? [] : decodeSegments(reply);
  }

  /**
   * DM_TABLE_DEPS. In: number. Out: DM_BUFFER_FULL. The block devices that the live table has open. Empty where there is no such
   * device.
   *
   * @throws DmfdError `privilege` or `kernel`
   */
  dependencies(dev: DeviceNumber): DeviceNumber[] {
    const reply = this.#ask('TABLE_DEPS', { dev });
    if (typeof reply !== 'number') return decodeDependencies(reply);
    if (resultName(reply) === 'ENXIO') return [];
    throw this.#failure('DM_TABLE_DEPS', reply);
  }

  /**
   * DM_DEV_REMOVE. In: UUID, or the number of a device whose UUID is another program's or whose number is pinned, DM_DEFERRED_REMOVE, flags
   * for udev. Needs no shield: a single call happens or does not. False when there is no such device any more.
   *
   * @param isPinned a descriptor of ours holds the device
   * @throws DmfdError `privilege` or `kernel`
   */
  removeDeferred(
    device: DeviceNumber & { readonly name: string; readonly uuid: string },
    isPinned = false,
  ): boolean {
    const operation = 'DM_DEV_REMOVE, deferred';
    const request = encodeRequest({
      // The UUID of others may be mangled in another way.
      ...(isOwnUuid(device.uuid) && !isPinned ? { uuid: device.uuid } : { dev: device }),
      flags: FLAGS.DEFERRED_REMOVE,
      // On a removal the rules ignore these flags: all links that udev made go.
      eventNr: udevEvent('quiet'),
    });
    const result = this.kernel.call(operation, () => shim.ioctl(this.fd, COMMANDS.DEV_REMOVE, request));
    if (result >= 0) return true;
    if (resultName(result) === 'ENXIO') return false;
    throw this.kernel.failure(operation, result, {
      subject: `device ${device.name}`,
      device: device.name,
    });
  }

  /**
   * DM_TARGET_MSG. In: the number of a device that is held. What a target answers in words is not asked for. Returns a negative
   * errno for a failure. Steps tell only the first word: others may be secret.
   */
  message(device: DeviceNumber, message: { readonly sector: bigint; readonly text: string }): number {
    const [word = ''] = message.text.trim().split(/\s/, 1);
    const request = encodeMessage({ major: device.major, minor: device.minor }, message);
    return this.kernel.call(`DM_TARGET_MSG ${word}`, () => shim.ioctl(this.fd, COMMANDS.TARGET_MSG, request));
  }

  /** Whether a process makes the device now. Where the kernel has no such lock, or /dev is another one: false. */
  isBeingMade(uuid: string): boolean {
    const result = this.kernel.call('is the UUID claimed', () => shim.isClaimed(this.fd, claimedText(uuid)));
    return result === 1;
  }

  /** Does something while no creation has this UUID; undefined, and nothing done, when one has it. */
  whileUnclaimed<T>(uuid: string, action: () => T): T | undefined {
    const claim = this.kernel.call('claim the UUID', () => shim.claim(this.fd, claimedText(uuid)));
    if (resultName(claim) === 'EAGAIN') return undefined;
    try {
      return action();
    } finally {
      shim.unclaim(this.fd, claimedText(uuid));
    }
  }

  /**
   * With a buffer that grows until the reply fits. A negative errno for a failure.
   *
   * @param room bytes for what follows the header of the reply, at first
   */
  #ask(command: CommandName, header: RequestHeader = {}, room = FIRST_REPLY_SIZE): Buffer | number {
    for (let size = room; ; size = Math.max(4 * size, FIRST_REPLY_SIZE)) {
      const buffer = encodeRequest(header, size);
      const result = this.kernel.call(`DM_${command}`, () => shim.ioctl(this.fd, COMMANDS[command], buffer));
      if (result < 0) return result;
      if ((decodeReply(buffer).flags & FLAGS.BUFFER_FULL) === 0 || size > MAX_DATA_SIZE / 4) return buffer;
    }
  }

  #must(command: CommandName): Buffer {
    const reply = this.#ask(command);
    if (typeof reply === 'number') throw this.#failure(`DM_${command}`, reply);
    return reply;
  }

  #failure(operation: string, result: number): Error {
    const hint = isRefusal(describeErrno(-result))
      ? PRIVILEGE_HINT
      : 'is /dev/mapper/control the device-mapper control device (character, 10:236 on most machines)?';
    return this.kernel.failure(operation, result, { hint });
  }
}

/** As a creation claims it. */
function claimedText(uuid: string): CString {
  return cString(mangle(uuid));
}
