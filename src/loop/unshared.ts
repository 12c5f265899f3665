import { fstatSync } from 'node:fs';
import type { Kernel } from '../kernel/kernel.js';
import { isLoopLeaving, retryWhileLeaving } from '../kernel/leaving.js';
import { shim } from '../kernel/shim.js';
import { attachOpenFile, type LoopBacking, type LoopDevice } from './attach.js';
import { type AttachedLoop, loopsOf } from './attached.js';

/** The loop device that was attached, or the one that is in the way. */
export type Attachment =
  | { readonly loop: LoopDevice; readonly inTheWay?: undefined }
  | { readonly inTheWay: AttachedLoop; readonly loop?: undefined };

/** Milliseconds: so long another dmfd that attached the file at the same moment may take to give up its loop device. */
const GIVING_UP = 1000;
const PAUSE = 20;

/** A part of an open file or block device, and whether it is only read. */
export type OpenPart = Pick<LoopBacking, 'fd' | 'readOnly' | 'offset' | 'sizeLimit'>;

/**
 * Attaches a file that no other loop device has, unless both are read-only: each has a cache of its own, and they would write over
 * each other. One that is about to be detached is waited for.
 *
 * @throws DmfdError as {@link attachOpenFile}
 */
export function attachUnshared(kernel: Kernel, backing: LoopBacking): Attachment {
  let attachment = tryToAttach(kernel, backing);
  retryWhileLeaving(
    kernel,
    () => {
      if (attachment.inTheWay !== undefined) attachment = tryToAttach(kernel, backing);
      return attachment.loop !== undefined;
    },
    () => attachment.inTheWay !== undefined && isLoopLeaving(attachment.inTheWay.minor),
  );
  return attachment;
}

/**
 * What would be in the way, and stays.
 *
 * @param own the numbers of loop devices that are no others
 */
export function findInTheWay(
  kernel: Kernel,
  backing: OpenPart,
  own: readonly number[] = [],
): AttachedLoop | undefined {
  return findSettled(kernel, () => findOther(kernel, backing, own));
}

/** What is found, once no loop device that is found is about to be detached. */
export function findSettled(kernel: Kernel, find: () => AttachedLoop | undefined): AttachedLoop | undefined {
  let other: AttachedLoop | undefined;
  const attempt = (): boolean => {
    other = find();
    return other === undefined;
  };
  retryWhileLeaving(kernel, attempt, () => other !== undefined && isLoopLeaving(other.minor));
  return other;
}

function tryToAttach(kernel: Kernel, backing: LoopBacking): Attachment {
  const before = findOther(kernel, backing);
  if (before !== undefined) return { inTheWay: before };
  const loop = attachOpenFile(kernel, backing);
  let rival: AttachedLoop | undefined;
  try {
    rival = findRival(kernel, backing, loop.minor);
  } catch (error) {
    shim.close(loop.fd);
    throw error;
  }
  if (rival === undefined) return { loop };
  shim.close(loop.fd);
  return { inTheWay: rival };
}

/**
 * A loop device that another process attached after we had looked. Two of dmfd's see each other then: the one with the lower number
 * stays, and waits until the other has given up.
 */
function findRival(kernel: Kernel, backing: LoopBacking, own: number): AttachedLoop | undefined {
  const limit = performance.now() + GIVING_UP;
  for (;;) {
    const rival = findOther(kernel, backing, [own]);
    if (rival === undefined || rival.minor < own || performance.now() > limit) return rival;
    kernel.pause(PAUSE);
  }
}

/** The lowest loop device but our own that must not be beside us. */
function findOther(kernel: Kernel, backing: OpenPart, own: readonly number[] = []): AttachedLoop | undefined {
  return loopsOf(kernel, fstatSync(backing.fd, { bigint: true }), backing)
    .filter((loop) => !own.includes(loop.minor) && !(backing.readOnly && loop.readOnly))
    .sort((a, b) => a.minor - b.minor)[0];
}
