/**
 * The calls of the library. Each waits for the kernel in a thread of its own, and the caller's event loop goes on.
 *
 * @module
 */
import type { DeviceChoice } from '../device/choice.js';
import type { Device } from '../device/handle.js';
import type { DeviceSummary, ListRequest } from '../device/list.js';
import type { DevicePlan } from '../device/plan.js';
import type { Probe } from '../device/probe.js';
import { checkReapRequest, type Reaped, type ReapRequest } from '../device/reap.js';
import { checkRemovalRequest, type Removal } from '../device/remove.js';
import { checkRequest, type DeviceRequest } from '../device/request.js';
import { checkResizeRequest, type Resized, type ResizeRequest } from '../device/resize.js';
import { checkIdentity, type DeviceIdentity, pollGone, type Remains } from '../device/wait-gone.js';
import type { DeviceNumber } from '../dm/device-number.js';
import { DmControl } from '../kernel/dm-control.js';
import { Kernel } from '../kernel/kernel.js';
import { shim } from '../kernel/shim.js';
import type { StepListener } from '../kernel/step.js';
import { checkProperties, checkSome, TYPES } from '../properties.js';
import type { Swap, SwapPlan } from '../swap/create.js';
import { checkSwapRequest, type SwapRequest } from '../swap/request.js';
import { makeInThread } from './make-device.js';
import { inThread } from './threads.js';

/** Options of every call. */
export interface CallOptions {
  /** Ends a wait (for a key, a lock, udev, a turn), and takes back what was made; the promise is rejected with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** For calls whose request has no listener of its own. */
export interface ListeningOptions extends CallOptions {
  /** Gets each step: a request to the kernel about a device, with its answer. Opening and reading files is not told. */
  readonly onStep?: StepListener | undefined;
}

/**
 * Makes a device-mapper device that lives exactly as long as it is held open, at first by the descriptor that is
 * returned. Asks the kernel for that descriptor with DM_FILE_DESCRIPTOR_FLAG (a proposal); on other kernels
 * creates, loads, opens, proves the identity by number, UUID and disk sequence number, marks the device for deferred
 * removal, and only then makes it usable, all in a process of its own that a SIGKILL of this one does not reach.
 *
 * When the promise is rejected, nothing it made is left.
 *
 * @throws DmfdError `usage`, `privilege`, `unsupported`, `taken`, `kernel` or `system`; see {@link ErrorKind}
 */
export async function createDevice(request: DeviceRequest, options: CallOptions = {}): Promise<Device> {
  const { signal } = checkOptions(options);
  return await makeInThread(checkRequest(request), { signal, onStep: request.onStep });
}

/**
 * Checks everything that can be checked without changing anything, and tells the table that {@link createDevice} would load.
 *
 * @throws DmfdError as {@link createDevice}
 */
export async function planDevice(request: DeviceRequest, options: CallOptions = {}): Promise<DevicePlan> {
  const { signal } = checkOptions(options);
  const checked = checkRequest(request);
  return await inThread('planDevice', checked, { signal, onStep: request.onStep, mayWait: false });
}

/**
 * Makes a dm-crypt device with a new random key, writes a swap header to it, and turns it on. Only one process ever has the key:
 * the one that hands it to the kernel. The device is marked for deferred removal from the start: the kernel
 * holds it until `swapoff`, which destroys it, the loop device under it, and the key.
 *
 * Nothing is written to the backing before device-mapper has it exclusively; when the promise is rejected, nothing it made
 * is left.
 *
 * @throws DmfdError `usage`, `taken`, `privilege`, `unsupported`, `kernel` or `system`
 */
export async function createSwap(request: SwapRequest, options: CallOptions = {}): Promise<Swap> {
  const { signal } = checkOptions(options);
  return await inThread('createSwap', checkSwapRequest(request), {
    signal,
    onStep: request.onStep,
    mayWait: true,
    undo: ({ path }) => inThread('endSwap', { path }),
  });
}

/** Checks everything that can be checked without changing anything. @throws DmfdError as {@link createSwap} */
export async function planSwap(request: SwapRequest, options: CallOptions = {}): Promise<SwapPlan> {
  const { signal } = checkOptions(options);
  const checked = checkSwapRequest(request);
  return await inThread('planSwap', checked, { signal, onStep: request.onStep, mayWait: true });
}

/** Finds out by trying what this machine can do: makes a device of one sector that answers every read with an error, and drops it. */
export async function probe(options: ListeningOptions = {}): Promise<Probe> {
  return await inThread('probe', undefined, checkOptions(options));
}

/**
 * The devices that dmfd made, in the order of their numbers: those whose UUID starts with `DMFD-`, and those with another one
 * that go with their last holder or have never been live. The kernel does not say which of the latter dmfd made with a UUID of the
 * user's, and which are another program's. With `all`, every device of device-mapper.
 *
 * @throws DmfdError `usage`, `privilege`, `unsupported`, `kernel`, `system`
 */
export async function listDevices(options: ListRequest & ListeningOptions = {}): Promise<DeviceSummary[]> {
  checkProperties(options, { all: TYPES.boolean, signal: TYPES.signal, onStep: TYPES.function });
  return await inThread('listDevices', { all: options.all ?? false }, options);
}

/**
 * Marks a device of any program for deferred removal. Without a holder it is gone when the promise resolves; else the kernel destroys
 * it when its last holder lets go. Never another device than the one that was named: it is held open from the moment that this was proved
 * (one without any table cannot be; it is asked for again just before).
 *
 * @throws DmfdError `usage` with code `device-missing` when there is no such device; `taken` with code `device-busy` while it is being
 *   made; `privilege`, `unsupported`, `kernel`, `system`
 */
export async function removeDevice(choice: DeviceChoice, options: ListeningOptions = {}): Promise<Removal> {
  const listening = checkOptions(options);
  return await inThread('removeDevice', checkRemovalRequest(choice), listening);
}

/**
 * Gives a device that is in use more room: its last segment, of target linear or crypt, is extended over what its backing has, and a
 * loop device below first takes the size that its file has now. Holders go on, a mounted file system too. If the process is killed,
 * the device has its old size or the new one, and is never left suspended.
 *
 * @throws DmfdError `usage` with code `device-missing`, with `not-resizable` for a table that cannot be extended, for a smaller
 *   size, and without a size for a device that ends before the block device below it does, and with `area-unusable` where the backing
 *   has no room; `taken` with code `device-busy` while another process has suspended the device or loads a table; `privilege`, `unsupported`, `kernel`, `system`
 */
export async function resizeDevice(request: ResizeRequest, options: ListeningOptions = {}): Promise<Resized> {
  const listening = checkOptions(options);
  return await inThread('resizeDevice', checkResizeRequest(request), listening);
}

/**
 * Removes the devices that a kill of a process together with its shield left behind: those that are not marked for
 * deferred removal, have never been live, and that no process is making, now and a second later. An unused one is gone when
 * the promise resolves, a used one goes with its last holder.
 *
 * @throws DmfdError `privilege`, `unsupported`, `kernel`, `system`; `taken` with code `not-leaked` for a named device that is not leaked
 */
export async function reapDevices(
  request: ReapRequest = {},
  options: ListeningOptions = {},
): Promise<Reaped> {
  const listening = checkOptions(options);
  return await inThread('reapDevices', checkReapRequest(request), listening);
}

/**
 * The holders of a block device, as far as /proc and /sys tell, in words: processes, mounts, swap areas, devices on top.
 * This process is not among them.
 */
export async function findHolders(device: DeviceNumber, options: CallOptions = {}): Promise<string[]> {
  const { signal } = checkOptions(options);
  checkSome(device, { major: TYPES.count, minor: TYPES.count }, ['major', 'minor']);
  const { major, minor } = device;
  return await inThread('findHolders', { major, minor }, { signal });
}

/**
 * Waits until the kernel has destroyed the device and the layers below, and detached their loop devices, each known by its sequence
 * number, so that another one under the same number is not taken for it.
 *
 * @param milliseconds how long at most
 * @returns what is left: nothing, unless the time was up
 * @throws DmfdError `usage`, `privilege`, `unsupported`, `kernel`, `system`
 */
export async function waitGone(
  device: DeviceIdentity,
  milliseconds: number,
  options: CallOptions = {},
): Promise<Remains> {
  const { signal } = checkOptions(options);
  checkIdentity(device);
  checkProperties({ milliseconds }, { milliseconds: TYPES.finite }, ['milliseconds']);
  const limit = performance.now() + milliseconds;
  // To open it may load a module; each look after that is quick, and many waits need no thread each.
  const control = await inThread('openControl', undefined, { signal, undo: (fd) => shim.close(fd) });
  return await pollGone(new DmControl(new Kernel(), control), device, limit, signal);
}

function checkOptions<Options extends ListeningOptions>(options: Options): Options {
  checkProperties(options, { signal: TYPES.signal, onStep: TYPES.function });
  return options;
}
