import { constants, fstatSync } from 'node:fs';
import { DmfdError, type ErrorCode, ROOT_HINT } from '../errors.js';
import { type Errno, isRefusal } from '../kernel/errno.js';
import type { GivenFile } from '../kernel/given-file.js';
import type { Kernel } from '../kernel/kernel.js';
import type { AttachedLoop } from '../loop/attached.js';
import { othersOn } from '../loop/others.js';
import type { SwapArea } from './area.js';

/** A file or block device that can become swap: nothing has it, and nothing has been written to it. */
export interface SwapBacking {
  /** To read and write it; see {@link SwapBacking.flush}. */
  readonly fd: number;
  readonly isFile: boolean;
  readonly bytes: bigint;
  /** Bytes of the smallest block that can be written. */
  readonly blockSize: number;
  /** Lets go of what was read of a block device: device-mapper writes past that, and others would still see it. */
  flush(): void;
  /** Whether all of the area can be written to, as far as that can be known without a change. @throws DmfdError `usage` */
  checkRoom(area: SwapArea): void;
  /** Makes sure of it. @throws DmfdError `usage` */
  reserve(area: SwapArea): void;
  /** Makes a block device of it for a table. */
  attach(area: Pick<SwapArea, 'start'>): AttachedBacking;
  close(): void;
}

/**
 * A backing as the block device that a table names. Its number is valid until {@link SwapBacking.close}. Our own O_EXCL claim,
 * which device-mapper's would conflict with, is given up: until the table is loaded only the flock protects the backing, and
 * device-mapper's claim keeps away all but other devices of device-mapper's, and loop devices: see {@link refuseOthersOn}.
 */
export interface AttachedBacking {
  /** MAJ:MIN */
  readonly device: string;
  /** Over a file. */
  readonly loop: { readonly major: number; readonly minor: number; readonly diskseq: bigint } | undefined;
}

/**
 * To be asked when our device stands on the backing and before it writes; see {@link othersOn}.
 *
 * @param device MAJ:MIN of the block device under ours, `/dev/dm-${minor}`
 * @throws DmfdError `taken`
 */
export function refuseOthersOn(
  kernel: Kernel,
  path: string,
  backing: SwapBacking,
  device: string,
  minor: number,
): void {
  const stats = backing.isFile ? undefined : fstatSync(backing.fd, { bigint: true });
  const others = othersOn(kernel, device, stats, [`dm-${minor}`]);
  if (others.length === 0) return;
  const why = `${others.join(', ')} was put on it meanwhile; nothing was written`;
  throw inUse(path, why, 'end that first, and try again');
}

/** How messages name a backing. */
export function subjectOf(path: string): string {
  return `backing ${JSON.stringify(path)}`;
}

export function inUse(path: string, why: string, hint: string): DmfdError {
  return refused('backing-in-use', path, why, hint, 'EBUSY');
}

/** @param openers the processes that have it open, as far as they are seen */
export function openWords(openers: readonly string[]): string {
  if (openers.length === 0) return 'another process has it open';
  return `${openers.join(', ')} ${openers.length === 1 ? 'has' : 'have'} it open`;
}

/** Which process has the lock is not told: one of those that have it open. */
export function lockedWords(what: 'it' | 'a part of it', openers: readonly string[]): string {
  return openers.length === 0
    ? `another process has ${what} locked`
    : `${what} is locked; ${openWords(openers)}`;
}

/** Two loop devices over one backing, or a loop device beside ours, would write over each other. */
export function hasLoop(path: string, { minor }: AttachedLoop): DmfdError {
  return inUse(
    path,
    `/dev/loop${minor} has it`,
    '"losetup -l" shows it, and "lsblk" what is on it; swapoff, umount or losetup -d ends it',
  );
}

export function refused(code: ErrorCode, path: string, why: string, hint: string, errno?: string): DmfdError {
  return new DmfdError(code, `${subjectOf(path)}: ${why}`, { operation: `open ${path}`, errno, hint });
}

/** How a backing is opened, a file or a device. */
export function backingFile(path: string): GivenFile {
  return {
    subject: subjectOf(path),
    path,
    flags: constants.O_RDWR | constants.O_NONBLOCK,
    use: 'write',
    kinds: ['a block device', 'a file'],
    code: 'backing-unusable',
    explain,
  };
}

function explain(errno: Errno): ReturnType<NonNullable<GivenFile['explain']>> {
  if (isRefusal(errno)) {
    const isRoot = process.getuid?.() === 0;
    const hint = isRoot ? 'it is read-only, or immutable (lsattr)' : ROOT_HINT;
    return errno.name === 'EACCES' && !isRoot ? { code: 'not-permitted', hint } : { hint };
  }
  switch (errno.name) {
    case 'ENOENT':
      return { hint: 'check the name, or make a file: fallocate -l 1G FILE; chmod 600 FILE' };
    case 'EROFS':
      return { hint: 'swap is written to: it cannot be on what is read-only' };
    case 'ENXIO':
    case 'ENODEV':
      return { hint: 'no driver answers for that device' };
    default:
      return {};
  }
}
