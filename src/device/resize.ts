import { type DeviceNumber, formatDeviceNumber } from '../dm/device-number.js';
import { UUID_PREFIX } from '../dm/names.js';
import { FLAGS } from '../dm/protocol.js';
import type { LiveSegment } from '../dm/segments.js';
import { DmfdError, type ErrorCode } from '../errors.js';
import { readBlockDevice, sizeInSys } from '../kernel/block-device.js';
import { DmControl } from '../kernel/dm-control.js';
import { resultName } from '../kernel/errno.js';
import type { Kernel } from '../kernel/kernel.js';
import { KernelLog } from '../kernel/kernel-log.js';
import { listIfThere } from '../kernel/pseudo-files.js';
import { growLoop } from '../loop/capacity.js';
import { LOOP_MAJOR } from '../loop/protocol.js';
import { TYPES } from '../properties.js';
import { type ChosenDevice, checkChoice, type DeviceChoice, withChosen } from './choice.js';
import { type Reload, type ReloadStep, reloadTable } from './reload.js';

/** The new size of a device. */
export interface ResizeRequest extends DeviceChoice {
  /**
   * Bytes, whole logical blocks of the device. Default: as much as its backing has room for. Without a size, a device is refused
   * that ends before the block device below it does, as one of a partition.
   */
  readonly size?: bigint | undefined;
}

/** The result of {@link resizeDevice}; sizes in bytes. */
export interface Resized {
  readonly name: string;
  readonly before: bigint;
  readonly size: bigint;
}

const PROPERTIES = {
  device: TYPES.string,
  diskseq: TYPES.bigint,
  size: TYPES.bigint,
} satisfies Record<keyof ResizeRequest, unknown>;

const SECTOR = 512n;

/** @throws DmfdError `usage` */
export function checkResizeRequest(request: ResizeRequest): ResizeRequest {
  const checked = checkChoice(request, PROPERTIES);
  const { size } = checked;
  if (size !== undefined && (size <= 0n || size % SECTOR !== 0n)) {
    throw new DmfdError(
      'invalid-request',
      `property size is ${size}n: it must be whole sectors of 512 bytes`,
    );
  }
  return checked;
}

/** Told whether this process needs a key that is in one of its keyrings. */
type BeforeChange = (keyInKeyring: boolean) => void;

/** Targets whose table, loaded a second time, goes on where the first one was. */
const STATELESS = ['linear', 'crypt', 'striped', 'zero', 'error', 'delay'];
const EXTENSIBLE = ['linear', 'crypt'];

/**
 * Gives a device that is in use more room: its last segment, of target linear or crypt, is extended over what its backing has, and a
 * loop device below first takes the size that its file has now. Holders go on, a mounted file system too. When this is killed,
 * the device has its old size or the new one, and is never left suspended.
 *
 * @throws DmfdError `usage` for a device that is not there or cannot be extended, or would become smaller; `taken` while another
 *   process works on it; `privilege`, `unsupported`, `kernel`
 */
export function resizeDevice(kernel: Kernel, request: ResizeRequest, beforeChange?: BeforeChange): Resized {
  return DmControl.with(kernel, (dm) =>
    withChosen(kernel, dm, request, (chosen) => {
      const { dev, name } = chosen.status;
      const resized = dm.whileUnclaimed(formatDeviceNumber(dev), () =>
        new Resizing(kernel, dm, chosen, beforeChange).to(request.size),
      );
      if (resized === undefined) throw busy(name, 'another dmfd resizes it at this moment');
      return resized;
    }),
  );
}

class Resizing {
  readonly #dev: DeviceNumber;
  readonly #name: string;
  readonly #fd: number;
  /** Bytes of room, when the loop device below has taken the size of its file. */
  #grownTo: bigint | undefined;

  constructor(
    private readonly kernel: Kernel,
    private readonly dm: DmControl,
    { status, fd }: ChosenDevice,
    private readonly beforeChange: BeforeChange | undefined,
  ) {
    this.#dev = status.dev;
    this.#name = status.name;
    // Asked again: the process that had the claim before may have changed it.
    const { flags } = dm.status({ dev: status.dev }) ?? status;
    if (fd === undefined || (flags & FLAGS.ACTIVE_PRESENT) === 0)
      throw this.#refuse('it has no table that is live', 'there is nothing yet that could be extended');
    if ((flags & (FLAGS.SUSPENDED | FLAGS.INACTIVE_PRESENT)) !== 0) throw busy(status.name, WORKED_ON);
    this.#fd = fd;
  }

  to(size: bigint | undefined): Resized {
    const { bytes: before, blockSize } = readBlockDevice(this.kernel, this.#fd);
    const last = this.#lastSegment();
    if (size !== undefined) this.#checkSize(size, before, blockSize);
    if (size === before) return { name: this.#name, before, size };
    const looked = this.#reload(0n);
    const { major, minor, start } = looked.backing;
    const roomNow = (): bigint => (last.start + (sizeInSys({ major, minor }) ?? 0n) - start) * SECTOR;
    const roomBefore = roomNow();
    if (
      size === undefined &&
      roomBefore - before >= BigInt(blockSize) &&
      !this.#isLayer({ major, minor, start })
    )
      throw this.#endsBefore({ major, minor }, roomBefore);
    this.beforeChange?.(looked.keyInKeyring);
    if (major === LOOP_MAJOR) growLoop(this.kernel, minor);
    const room = roomNow();
    // Once that is there, nothing tells this device from a part of it.
    if (room > roomBefore) this.#grownTo = room;
    const most = room - (room % BigInt(blockSize));
    const wanted = size ?? most;
    const backing = `${formatDeviceNumber({ major, minor })}, which has room for a device of ${room} bytes`;
    if (wanted < before) {
      throw this.#refuse(
        `it has ${before} bytes and lies on ${backing}`,
        'enlarge what it lies on: a device in use only grows',
      );
    }
    if (wanted > most) {
      throw this.#refuse(
        `${wanted} bytes were asked for, and it lies on ${backing}`,
        'enlarge what it lies on first, a file with "truncate -s SIZE FILE", and ask for a size again',
        'area-unusable',
      );
    }
    if (wanted > before) this.#extend(wanted / SECTOR - last.start);
    return { name: this.#name, before, size: readBlockDevice(this.kernel, this.#fd).bytes };
  }

  /** @throws DmfdError when the table cannot be extended */
  #lastSegment(): LiveSegment {
    const segments = this.dm.segments(this.#dev, true);
    const odd = segments.find(({ type }) => !STATELESS.includes(type));
    if (odd !== undefined) {
      throw this.#refuse(
        `its table has a segment of target ${odd.type}, which a second table would disturb`,
        `resized are tables of ${STATELESS.join(', ')}`,
      );
    }
    const last = segments.at(-1);
    if (last === undefined || !EXTENSIBLE.includes(last.type)) {
      throw this.#refuse(
        `its last segment is of target ${last?.type}, which cannot be extended`,
        `only the targets ${EXTENSIBLE.join(' and ')} can`,
      );
    }
    return last;
  }

  /** Whether that is a layer which no other device has a part of: it may have grown before this one. */
  #isLayer({ major, minor, start }: DeviceNumber & { readonly start: bigint }): boolean {
    if (major !== this.#dev.major || start !== 0n) return false;
    const above = listIfThere(`/sys/dev/block/${formatDeviceNumber({ major, minor })}/holders`);
    if (above.length !== 1) return false;
    const below = this.dm.status({ dev: { major, minor } });
    // Those of dmfd's go with their last holder, whatever UUID they were given.
    return (
      below !== undefined &&
      ((below.flags & FLAGS.DEFERRED_REMOVE) !== 0 || below.uuid.startsWith(UUID_PREFIX))
    );
  }

  /** Of a partition, or a part that was asked for, the next one may be behind it: nothing tells it from a device that has grown. */
  #endsBefore(backing: DeviceNumber, room: bigint): DmfdError {
    return this.#refuse(
      `it ends before ${formatDeviceNumber(backing)} does, which it lies on, and what is behind it may be another's`,
      `if it is nobody's, ask for a size: there is room for ${room} bytes`,
    );
  }

  #checkSize(size: bigint, before: bigint, blockSize: number): void {
    if (size < before) {
      throw this.#refuse(
        `it has ${before} bytes, and ${size} are less`,
        'a device in use only grows: its holder may have something at its end',
      );
    }
    if (size % BigInt(blockSize) === 0n) return;
    throw this.#refuse(
      `${size} bytes are no whole blocks of ${blockSize} bytes, as it has`,
      `the next smaller size is ${size - (size % BigInt(blockSize))} bytes`,
      'area-unusable',
    );
  }

  #extend(length: bigint): void {
    const log = KernelLog.listen(this.kernel);
    try {
      const reload = this.#reload(length);
      if (reload.result < 0) throw this.#failed(reload, log);
    } finally {
      log.close();
    }
  }

  #failed({ result, failedStep, keyInKeyring }: Reload, log: KernelLog): DmfdError {
    const about = { subject: `device ${this.#name}`, device: this.#name };
    if (failedStep === 'SHIELD' && resultName(result) === 'EINTR') {
      const { bytes } = readBlockDevice(this.kernel, this.#fd);
      return this.kernel.failure('resize', result, {
        ...about,
        code: 'creation-killed',
        said: `the process that resized it was killed; it has ${bytes} bytes now`,
        hint: `${this.#again()}; if nobody killed it, look for the out-of-memory killer in the kernel log`,
      });
    }
    return this.kernel.failure(OPERATIONS[failedStep ?? 'SWAP'], result, {
      ...about,
      kernelLog: log.deviceMapperLines(formatDeviceNumber(this.#dev)),
      hint: keyInKeyring && failedStep === 'LOAD' ? KEY_IS_GONE : `${AS_BEFORE}; ${this.#again()}`,
    });
  }

  #again(): string {
    return this.#grownTo === undefined
      ? 'try again'
      : `try again, with a size: there is room for ${this.#grownTo} bytes now`;
  }

  /** With length 0, only looks. */
  #reload(length: bigint): Reload {
    const reload = reloadTable(this.kernel, this.dm, this.#dev, length);
    if (reload.failedStep !== 'READ') return reload;
    if (resultName(reload.result) === 'EBUSY') throw busy(this.#name, WORKED_ON);
    throw this.kernel.failure(OPERATIONS.READ, reload.result, {
      subject: `device ${this.#name}`,
      device: this.#name,
      hint: AS_BEFORE,
    });
  }

  #refuse(what: string, hint: string, code: ErrorCode = 'not-resizable'): DmfdError {
    return new DmfdError(code, `device ${this.#name}: ${what}`, { device: this.#name, hint });
  }
}

const OPERATIONS: Readonly<Record<ReloadStep, string>> = {
  READ: 'DM_TABLE_STATUS',
  LOAD: 'DM_TABLE_LOAD',
  SWAP: 'DM_DEV_SUSPEND, resume with a new table',
  SHIELD: 'the process that resizes it',
};

const WORKED_ON = 'another program has suspended it, or loaded a table for it';
const AS_BEFORE = 'it is as it was before';
const KEY_IS_GONE =
  'its key was in a keyring and is not there any more: only the kernel has it, and no other table can be given it; the device is as it was before';

function busy(name: string, what: string): DmfdError {
  return new DmfdError('device-busy', `device ${name}: ${what}`, {
    device: name,
    hint: 'wait until that is done; "dmsetup info" tells more',
  });
}
