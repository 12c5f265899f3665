import { fsyncSync, writeSync } from 'node:fs';
import { makeDevice } from '../device/create.js';
import type { DeviceFacts } from '../device/facts.js';
import type { Device } from '../device/handle.js';
import { checkRequest } from '../device/request.js';
import { type Kernel, operate } from '../kernel/kernel.js';
import { shim } from '../kernel/shim.js';
import { type SwapArea, swapArea } from './area.js';
import { type AttachedBacking, refuseOthersOn, type SwapBacking } from './backing.js';
import { swapHeader } from './header.js';
import { openSwapBacking } from './open-backing.js';
import { type CheckedSwap, checkSwapRequest, type SwapRequest } from './request.js';
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

/** What would be done: for a request that is only to be looked at. */
export interface SwapPlan {
  /** With `{key}` for the key, and `{loop0}` for the loop device of a file. */
  readonly table: string;
  readonly name: string;
  /** Bytes that could be swapped out to it. */
  readonly swapSize: bigint;
}

/** As {@link createSwap}, in this thread. @throws DmfdError `usage`, `taken`, `privilege`, `unsupported`, `kernel` or `system` */
export function createSwapSync(request: SwapRequest): Swap {
  const checked = checkSwapRequest(request);
  return operate(
    request.onStep,
    undefined,
    (kernel) => makeSwap(kernel, checked),
    (swap, kernel) => endSwap(kernel, swap),
  );
}

/** As {@link planSwap}, in this thread. @throws DmfdError as {@link createSwapSync} */
export function planSwapSync(request: SwapRequest): SwapPlan {
  const checked = checkSwapRequest(request);
  return operate(request.onStep, undefined, (kernel) => describeSwap(kernel, checked));
}

/** Checks everything that can be checked without changing anything. */
export function describeSwap(kernel: Kernel, request: CheckedSwap): SwapPlan {
  const backing = openSwapBacking(kernel, request.backing);
  try {
    const area = areaOf(request, backing);
    const device = backing.isFile ? '{loop0}' : backing.attach().device;
    return { table: cryptLine(request, area, device), name: request.name, swapSize: usable(area) };
  } finally {
    backing.close();
  }
}

/** Nothing is written to the backing before device-mapper has it exclusively; when it throws, nothing it made is left. */
export function makeSwap(kernel: Kernel, request: CheckedSwap): Swap {
  const backing = openSwapBacking(kernel, request.backing);
  try {
    const area = areaOf(request, backing);
    const attached = backing.attach();
    const device = makeDevice(
      kernel,
      checkRequest({
        name: request.name,
        table: cryptLine(request, area, attached.device),
        key: { random: request.keySize },
        mode: request.mode,
      }),
    );
    try {
      refuseOthersOn(request.backing, attached.device, device.minor);
      writeHeader(kernel, device, swapHeader(area, request.label, request.uuid));
      swapOn(kernel, device.path, swapFlags(request));
      return describe(request, area, device, attached);
    } finally {
      device.close();
    }
  } finally {
    backing.close();
  }
}

/** Takes a swap back, for whoever cannot use it after all. */
export function endSwap(kernel: Kernel, { path }: Pick<Swap, 'path'>): void {
  swapOff(kernel, path);
}

function areaOf(request: CheckedSwap, backing: SwapBacking): SwapArea {
  return swapArea(request, backing, shim.pageSize());
}

/** The header takes the first page. */
function usable({ pages, pageSize }: SwapArea): bigint {
  return (pages - 1n) * BigInt(pageSize);
}

/** On the medium before swapon reads it, so that an error of the medium's is one now. */
function writeHeader(kernel: Kernel, device: Device, header: Buffer): void {
  const write = (): number => {
    for (let at = 0; at < header.length; ) at += writeSync(device.fd, header, at, header.length - at, at);
    fsyncSync(device.fd);
    return 0;
  };
  const result = kernel.call('write the swap header', write);
  if (result >= 0) return;
  throw kernel.failure('writing the swap header', result, {
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
