import { fsyncSync, writeSync } from 'node:fs';
import { createDevice } from '../device/create.js';
import type { Device } from '../device/handle.js';
import { DmfdError } from '../errors.js';
import type { KeyGiven } from '../kernel/creation.js';
import { describeErrno, errnoOf } from '../kernel/errno.js';
import { shim } from '../kernel/shim.js';
import { type StepListener, timed } from '../kernel/steps.js';
import { checkBlockSize, type SwapArea, swapArea } from './area.js';
import { openSwapBacking, refuseCompany, type SwapBacking } from './backing.js';
import { swapHeader } from './header.js';
import { type CheckedSwap, checkSwapRequest, type SwapRequest } from './request.js';
import { swapFlags, swapOff, swapOn } from './swapon.js';
import { cryptLine } from './table.js';

/** Swap that is in use. Nothing holds it but the kernel; `swapoff` destroys device, loop device and key. */
export interface Swap {
  /** What `swapoff` takes. */
  readonly path: string;
  readonly name: string;
  /** Of the device, in device-mapper. */
  readonly uuid: string;
  readonly major: number;
  readonly minor: number;
  readonly diskseq: bigint;
  /** Bytes that can be swapped out to it. */
  readonly size: bigint;
  readonly backing: string;
  /** `/dev/loopN` over a file. */
  readonly loop: string | undefined;
  readonly cipher: string;
  /** Bits. */
  readonly keySize: number;
  /** How the kernel got the key; out of a `table` root can read it. */
  readonly key: KeyGiven | undefined;
  readonly label: string;
  /** In the swap header. */
  readonly swapUuid: string;
  readonly mode: 'atomic' | 'fallback';
  readonly warnings: readonly string[];
}

/** What would be done: for a request that is only to be looked at. */
export interface SwapPlan {
  /** With `{key}` for the key, and `{loop0}` for the loop device of a file. */
  readonly table: string;
  readonly name: string;
  readonly size: bigint;
}

/** Checks everything that can be checked without changing anything. @throws DmfdError as {@link createSwap} */
export function planSwap(request: SwapRequest): SwapPlan {
  const checked = checkSwapRequest(request);
  const backing = openSwapBacking(checked.backing);
  try {
    const area = areaOf(checked, backing);
    const device = backing.isFile ? '{loop0}' : backing.attach().device;
    return { table: cryptLine(checked, area, device), name: checked.name, size: usable(area) };
  } finally {
    backing.close();
  }
}

/**
 * Makes a dm-crypt device with a new random key, which no process of ours ever has but the one that hands it to the
 * kernel, writes a swap header to it, and turns it on. The device is doomed from the start: the kernel holds it until
 * `swapoff`, which destroys it, the loop device under it, and the key.
 *
 * Synchronous. Nothing is written to the backing before device-mapper has it exclusively; when it throws, nothing it made
 * is left.
 *
 * @throws DmfdError `usage`, `taken`, `privilege`, `unsupported`, `kernel` or `system`
 */
export function createSwap(request: SwapRequest): Swap {
  const checked = checkSwapRequest(request);
  const { onStep } = request;
  const backing = openSwapBacking(checked.backing);
  try {
    const area = areaOf(checked, backing);
    const { device: under, loop } = backing.attach(onStep);
    using device = createDevice({
      name: checked.name,
      table: cryptLine(checked, area, under),
      key: { random: checked.keySize },
      mode: checked.mode,
      ...(onStep === undefined ? {} : { onStep }),
    });
    refuseCompany(checked.backing, under, device.minor);
    const { path } = device;
    writeHeader(device, swapHeader(area, checked.label, checked.uuid), onStep);
    swapOn(path, swapFlags(checked), onStep);
    return describe(checked, area, device, path, loop);
  } finally {
    backing.close();
  }
}

/** Takes a swap back, for whoever cannot use it after all. */
export function endSwap({ path }: Swap, onStep?: StepListener): void {
  swapOff(path, onStep);
}

function areaOf(request: CheckedSwap, { bytes, blockSize }: SwapBacking): SwapArea {
  const pageSize = shim.pageSize();
  checkBlockSize(request.backing, blockSize, pageSize);
  return swapArea(request, bytes, pageSize);
}

/** The header takes the first page. */
function usable({ pages, pageSize }: SwapArea): bigint {
  return (pages - 1n) * BigInt(pageSize);
}

/** On the medium before swapon reads it, so that an error of the medium's is one now. */
function writeHeader(device: Device, header: Buffer, onStep?: StepListener): void {
  const result = timed(onStep, 'write the swap header', () => {
    try {
      for (let at = 0; at < header.length; ) at += writeSync(device.fd, header, at, header.length - at, at);
      fsyncSync(device.fd);
      return 0;
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === undefined) throw error;
      return -errno.number;
    }
  });
  if (result >= 0) return;
  const { name, words } = describeErrno(-result);
  throw new DmfdError('kernel', `device ${device.name}: writing the swap header: ${name}, ${words}`, {
    operation: 'write the swap header',
    errno: name,
    device: device.name,
    hint: 'the backing cannot be written to, or the file system it is on is full: see the kernel log',
  });
}

function describe(
  request: CheckedSwap,
  area: SwapArea,
  device: Device,
  path: string,
  loop: string | undefined,
): Swap {
  return {
    path,
    name: device.name,
    uuid: device.uuid,
    major: device.major,
    minor: device.minor,
    diskseq: device.diskseq,
    size: usable(area),
    backing: request.backing,
    loop,
    cipher: request.cipher,
    keySize: request.keySize,
    key: device.key,
    label: request.label,
    swapUuid: request.uuid,
    mode: device.mode,
    warnings: device.warnings,
  };
}
