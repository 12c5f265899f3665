import { DmfdError, type ErrorCode } from '../errors.js';
import { EXCLUSIVE_HOLDERS, isHeldExclusively } from '../kernel/exclusive.js';
import type { Kernel } from '../kernel/kernel.js';
import { shim } from '../kernel/shim.js';
import { attachOpenFile, type LoopBacking, type LoopDevice } from './attach.js';
import type { AttachedLoop } from './attached.js';
import { attachUnshared, findInTheWay, type OpenPart } from './unshared.js';

/**
 * Attaches an open file, or a block device, to a free loop device.
 *
 * @param shared also where others have it
 * @throws DmfdError `taken` when another loop device has it, when a block device is in use, or when other processes take every
 *   free device first, `kernel` when the driver refuses
 */
export function attachFile(kernel: Kernel, backing: LoopBacking, shared: boolean): LoopDevice {
  if (shared) return attachOpenFile(kernel, backing);
  refuseHeldExclusively(kernel, backing);
  const { loop, inTheWay } = attachUnshared(kernel, backing);
  if (loop === undefined) throw takenByLoop('loop-file-in-use', loopFile(backing), backing, inTheWay);
  try {
    // Who claimed it after we had looked may have looked before our loop device was there; who does from now on can see it.
    refuseHeldExclusively(kernel, backing);
    return loop;
  } catch (error) {
    shim.close(loop.fd);
    throw error;
  }
}

/** Refuses what others have, as {@link attachFile} does, and attaches nothing. @throws DmfdError `taken` */
export function refuseInUse(kernel: Kernel, backing: LoopBacking): void {
  refuseHeldExclusively(kernel, backing);
  const other = findInTheWay(kernel, backing);
  if (other !== undefined) throw takenByLoop('loop-file-in-use', loopFile(backing), backing, other);
}

/**
 * Refuses a block device that a table names itself and a loop device has, unless both only read: a loop device claims nothing, so the
 * kernel would let both write.
 *
 * @param subject as messages name it: `linear "/dev/sdb1"`
 * @param own the numbers of loop devices of the same request
 * @throws DmfdError `taken`
 */
export function refuseUnderLoop(
  kernel: Kernel,
  part: OpenPart,
  subject: string,
  own?: readonly number[],
): void {
  const other = findInTheWay(kernel, part, own);
  if (other !== undefined) throw takenByLoop('backing-in-use', subject, part, other);
}

/**
 * A mount, swap and a device of device-mapper claim their block device exclusively. A loop device does not, so the kernel would let
 * it write below them.
 */
function refuseHeldExclusively(kernel: Kernel, backing: LoopBacking): void {
  const { alone, file, readOnly } = backing;
  if (alone === undefined || !isHeldExclusively(kernel, alone, file)) return;
  throw inUse(
    'loop-file-in-use',
    loopFile(backing),
    EXCLUSIVE_HOLDERS,
    readOnly ? HALF_SEEN : 'what is written here would destroy what stands there',
    `open ${file}`,
  );
}

const HALF_SEEN = 'what one writes, the other would see half or not at all';

function takenByLoop(
  code: ErrorCode,
  subject: string,
  { readOnly }: OpenPart,
  { minor, readOnly: otherReadOnly }: AttachedLoop,
): DmfdError {
  const harm = readOnly || otherReadOnly ? HALF_SEEN : OVERWRITTEN;
  return inUse(code, subject, `/dev/loop${minor} has it`, harm, 'LOOP_GET_STATUS64');
}

const OVERWRITTEN = 'the two would overwrite what the other writes';

/** For what is to be two loop devices of one request. */
export function takenTwice(backing: LoopBacking, isReadByOne: boolean): DmfdError {
  return inUse(
    'loop-file-in-use',
    loopFile(backing),
    'another loop device is to have it, too',
    isReadByOne ? HALF_SEEN : OVERWRITTEN,
    'LOOP_CONFIGURE',
  );
}

function loopFile({ file }: LoopBacking): string {
  return `loop file ${JSON.stringify(file)}`;
}

function inUse(code: ErrorCode, subject: string, who: string, harm: string, operation: string): DmfdError {
  return new DmfdError(code, `${subject}: ${who}; ${harm}`, {
    operation,
    errno: 'EBUSY',
    hint: '"losetup -l" and "lsblk" show what uses it: end that; or allow both with `sharedLoop`',
  });
}
