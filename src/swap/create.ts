import { fsyncSync } from 'node:fs';
import { type Content, findContent, refuseContent } from '../content/find.js';
import { makeDevice } from '../device/create.js';
import type { DeviceFacts } from '../device/facts.js';
import type { Device } from '../device/handle.js';
import { checkRequest } from '../device/request.js';
import { refuseTaken } from '../device/taken.js';
import { nodeOf } from '../dm/device-number.js';
import { DmfdError, NODE_HINT } from '../errors.js';
import { writeAll } from '../kernel/block-device.js';
import { type Kernel, operate } from '../kernel/kernel.js';
import { shim } from '../kernel/shim.js';
import { partsIn, type SwapArea, swapArea } from './area.js';
import { type AttachedBacking, refuseOthersOn, type SwapBacking, subjectOf } from './backing.js';
import { swapHeader } from './header.js';
import { openSwapBacking } from './open-backing.js';
import { type CheckedSwap, checkSwapRequest, type SwapRequest } from './request.js';
import { type ResolvedSwap, resolveSwap } from './resolve.js';
import { swapFlags, swapOff, swapOn } from './swapon.js';
import { cryptLine } from './table.js';

/**
 * Swap that is in use. Nothing holds it but the kernel; `swapoff` of its path destroys device, loop device and key. How the
 * kernel got the key stands in `key`; out of a `table` root can read it.
 */
export interface Swap extends DeviceFacts {
  readonly backing: string;
  readonly cipher: string;
  /** Bits. */
  readonly keySize: number;
  readonly label: string;
  /** In the swap header. */
  readonly swapUuid: string;
  /** Bytes that can be swapped out to it. */
  readonly swapSize: bigint;
}

/** The swap that a request would make. */
export interface SwapPlan {
  /** With `{key}` for the key, and `{loop0}` for the loop device of a file. */
  readonly table: string;
  readonly name: string;
  /** Bytes that could be swapped out to it. */
  readonly swapSize: bigint;
}

/** As {@link createSwap}, in this thread. @throws DmfdError `usage`, `taken`, `privilege`, `unsupported`, `kernel` or `system` */
export function createSwapSync(request: SwapRequest): Swap {
  return createAndTell(request);
}

/** @param beforeSwapOn as of {@link makeSwap} */
export function createAndTell(request: SwapRequest, beforeSwapOn?: () => void): Swap {
  const checked = checkSwapRequest(request);
  return operate(
    request.onStep,
    undefined,
    (kernel) => makeSwap(kernel, checked, beforeSwapOn),
    (swap, kernel) => endSwap(kernel, swap),
  );
}

/** As {@link planSwap}, in this thread. @throws DmfdError as {@link createSwapSync} */
export function planSwapSync(request: SwapRequest): SwapPlan {
  const checked = checkSwapRequest(request);
  return operate(request.onStep, undefined, (kernel) => describeSwap(kernel, checked));
}

/** Checks everything that can be checked without changing anything. */
export function describeSwap(kernel: Kernel, asked: CheckedSwap): SwapPlan {
  const request = resolveSwap(kernel, asked);
  const backing = openSwapBacking(kernel, request.backing, request.force);
  try {
    const area = areaOf(request, backing);
    checkContent(kernel, request, backing, area);
    refuseTaken(kernel, { name: request.name });
    backing.checkRoom(area);
    const device = backing.isFile ? '{loop0}' : backing.attach(area).device;
    return { table: cryptLine(request, area, device), name: request.name, swapSize: usable(area) };
  } finally {
    backing.close();
  }
}

/**
 * Nothing is written to the backing before device-mapper has it exclusively; when it throws, nothing it made is left.
 *
 * @param beforeSwapOn is called when all is ready: from then on, it may be there although this process is not any more
 */
export function makeSwap(kernel: Kernel, asked: CheckedSwap, beforeSwapOn?: () => void): Swap {
  const request = resolveSwap(kernel, asked);
  const backing = openSwapBacking(kernel, request.backing, request.force);
  try {
    const area = areaOf(request, backing);
    const overwritten = checkContent(kernel, request, backing, area);
    refuseTaken(kernel, { name: request.name });
    backing.reserve(area);
    const attached = backing.attach(area);
    const checked = checkRequest({
      table: cryptLine(request, area, attached.device),
      key: { random: request.keySize },
      mode: request.mode,
    });
    // The name was checked with the rest of the request. swapoff may be given it alone.
    const device = makeDevice(kernel, { ...checked, name: request.name, udev: 'name-only' });
    try {
      refuseWithoutNode(device);
      refuseOthersOn(kernel, request.backing, backing, attached.device, device.minor);
      wipe(kernel, device, area, overwritten);
      writeHeader(kernel, device, swapHeader(area, request.label, request.uuid));
      beforeSwapOn?.();
      swapOn(kernel, device.path, swapFlags(request));
      return {
        ...describe(request, area, device, attached),
        warnings: [...device.warnings, ...lostTag(asked)],
      };
    } finally {
      device.close();
    }
  } finally {
    backing.close();
  }
}

/** The kernel takes no other path for swap, and swapoff needs one that is there tomorrow. */
function refuseWithoutNode({ name, path, major, minor }: Device): void {
  const node = nodeOf({ minor });
  if (path === node) return;
  throw new DmfdError(
    'node-missing',
    `device ${name}: /dev has no node for it (${major}:${minor}), and swap without one could not be turned off`,
    { operation: `swapon ${node}`, errno: 'ENOENT', device: name, hint: NODE_HINT },
  );
}

/** Takes a swap back, when the caller cannot use it after all. */
export function endSwap(kernel: Kernel, { path }: Pick<Swap, 'path'>): void {
  swapOff(kernel, path);
}

/** @throws DmfdError `usage` for what the backing cannot be */
function areaOf(request: CheckedSwap, backing: SwapBacking): SwapArea {
  if (backing.isFile && request.discard !== undefined && !request.force) {
    throw new DmfdError(
      'discard-makes-holes',
      `${subjectOf(request.backing)}: discards would make holes in this file, and swapping out fails when its file system is full by then`,
      { hint: 'leave `discard` out, or use it all the same, with `force`' },
    );
  }
  return swapArea(request, backing, shim.pageSize());
}

/** The content that will be overwritten. @throws DmfdError `taken` unless that was asked for */
function checkContent(
  kernel: Kernel,
  request: ResolvedSwap,
  backing: SwapBacking,
  area: SwapArea,
): readonly Content[] {
  const { start: from, size: bytes } = request.within ?? { start: 0n, size: backing.bytes };
  const { fd, blockSize } = backing;
  const looked = { fd, from, bytes, blockSize, flush: () => backing.flush() };
  const found = findContent(kernel, request.backing, looked, area);
  if (!request.force) refuseContent(subjectOf(request.backing), request.backing, found);
  return found;
}

/** A warning for what names the backing by content that the header has just overwritten. */
function lostTag({ backing, offset, partition }: CheckedSwap): string[] {
  if (!BY_CONTENT.test(backing) || offset > 0n || partition !== undefined) return [];
  return [
    `${subjectOf(backing)}: what named it so is overwritten now, and it will not be found by that again; PARTLABEL=, PARTUUID= and /dev/disk/by-id last`,
  ];
}

const BY_CONTENT = /^(LABEL|UUID)=|^\/dev\/disk\/by-(label|uuid)\//;

/** The header takes the first page. */
function usable({ pages, pageSize }: SwapArea): bigint {
  return (pages - 1n) * BigInt(pageSize);
}

/**
 * Overwrites the signatures that were found, as far as they are in the area: the kernel may not swap there for long, and the next
 * start would find them again.
 */
function wipe(kernel: Kernel, device: Device, area: SwapArea, content: readonly Content[]): void {
  for (const { from, bytes } of partsIn(area, content))
    writeTo(kernel, device, 'overwrite a signature', Buffer.alloc(bytes), from);
}

/** On the medium before swapon reads it, so that an error of the medium's is one now. */
function writeHeader(kernel: Kernel, device: Device, header: Buffer): void {
  writeTo(kernel, device, 'write the swap header', header, 0n);
}

function writeTo(kernel: Kernel, device: Device, operation: string, bytes: Buffer, from: bigint): void {
  const write = (): number => {
    writeAll(device.fd, bytes, from);
    fsyncSync(device.fd);
    return 0;
  };
  const result = kernel.call(operation, write);
  if (result >= 0) return;
  throw kernel.failure(operation, result, {
    code: 'kernel-refused',
    subject: `device ${device.name}`,
    device: device.name,
    hint: 'the backing cannot be written to, or the file system it is on is full: see the kernel log',
  });
}

function describe(request: CheckedSwap, area: SwapArea, device: Device, { loop }: AttachedBacking): Swap {
  const { backing, cipher, keySize, label, uuid } = request;
  const loops =
    loop === undefined
      ? []
      : [{ major: loop.major, minor: loop.minor, diskseq: loop.diskseq, file: backing }];
  return {
    ...(device as DeviceFacts),
    loops,
    backing,
    cipher,
    keySize,
    label,
    swapUuid: uuid,
    swapSize: usable(area),
  };
}
