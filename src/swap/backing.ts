import { DmfdError, type ErrorCode } from '../errors.js';
import type { Kernel } from '../kernel/kernel.js';
import { listIfThere } from '../kernel/pseudo-files.js';
import { openDeviceBacking } from './device-backing.js';
import { openFileBacking } from './file-backing.js';
import { activeSwap, look } from './in-use.js';

/** A file or block device that can become swap: nothing has it, and nothing has been written to it. */
export interface SwapBacking {
  readonly isFile: boolean;
  readonly bytes: bigint;
  /** Bytes of the smallest block that can be written. */
  readonly blockSize: number;
  /** Makes a block device of it for a table. */
  attach(): AttachedBacking;
  close(): void;
}

/**
 * A backing as the block device that a table names. Its number is valid until {@link SwapBacking.close}. Our own O_EXCL claim,
 * which device-mapper's would conflict with, is given up: until the table is loaded only the flock protects the backing, and
 * device-mapper's claim keeps away all but other devices of device-mapper's: see {@link refuseOthersOn}.
 */
export interface AttachedBacking {
  /** MAJ:MIN */
  readonly device: string;
  /** Over a file. */
  readonly loop: { readonly major: number; readonly minor: number; readonly diskseq: bigint } | undefined;
}

/**
 * Opens it, to the exclusion of mounts, swap, devices on top and other runs of dmfd.
 *
 * @throws DmfdError `usage` for what can be no swap, `taken` for what somebody has, `privilege`
 */
export function openSwapBacking(kernel: Kernel, path: string): SwapBacking {
  const seen = look(path);
  const active = seen && activeSwap(seen);
  if (active !== undefined) {
    throw inUse(path, `it is swap already${active === path ? '' : `, as ${active}`}`, `swapoff ${active}`);
  }
  // The opener refuses what is neither, and what cannot be looked at.
  return seen?.isFile() ? openFileBacking(kernel, path) : openDeviceBacking(kernel, path);
}

/**
 * To be asked when our device stands on the backing and before it writes: all devices of device-mapper's share one exclusive
 * claim, so another of them may have come in between our claim and its own.
 *
 * @param device MAJ:MIN of the block device under ours, `/dev/dm-${minor}`
 * @throws DmfdError `taken`
 */
export function refuseOthersOn(path: string, device: string, minor: number): void {
  const others = listIfThere(`/sys/dev/block/${device}/holders`).filter((name) => name !== `dm-${minor}`);
  if (others.length === 0) return;
  const who = others.map((name) => `/dev/${name}`).join(', ');
  throw inUse(path, `${who} was put on it meanwhile; nothing was written`, 'end that first, and try again');
}

/** How messages name a backing. */
export function subjectOf(path: string): string {
  return `backing ${JSON.stringify(path)}`;
}

export function inUse(path: string, why: string, hint: string): DmfdError {
  return refused('backing-in-use', path, why, hint, 'EBUSY');
}

export function refused(code: ErrorCode, path: string, why: string, hint: string, errno?: string): DmfdError {
  return new DmfdError(code, `${subjectOf(path)}: ${why}`, { operation: `open ${path}`, errno, hint });
}
