import { makeDevice } from '../device/create.js';
import type { Device } from '../device/handle.js';
import { type CheckedRequest, checkRequest, type DeviceRequest } from '../device/request.js';
import { isAllGone, waitGone } from '../device/wait-gone.js';
import { parseDeviceName } from '../dm/names.js';
import { DmfdError } from '../errors.js';
import { DmControl } from '../kernel/dm-control.js';
import { Kernel, operate } from '../kernel/kernel.js';
import { makeInThread, mayWait } from '../library/make-device.js';
import { DescriptorRoom } from './descriptors.js';

/** Milliseconds: a udev worker may have a device open for as long; a process that has it open after that holds it. */
const SETTLING = 300;
/** Milliseconds that the kernel may take to destroy a device without holders. */
const LEAVING = 5000;

/** The result of {@link HeldDevices.release}. */
export interface Released {
  readonly name: string;
  /** False: another process holds it, and the kernel destroys it when the last holder lets go. */
  readonly gone: boolean;
}

/** The devices of a batch, each held by its descriptor. */
export class HeldDevices {
  readonly #held = new Map<string, Device>();
  readonly #room = new DescriptorRoom();
  #inThreads = 0;
  readonly #keyDescriptors: readonly number[];
  readonly #signal: AbortSignal;

  /**
   * @param keyDescriptors those that a key may be read from; this process has others, that are not the caller's
   * @param signal ends waits for a key and for udev
   */
  constructor(keyDescriptors: readonly number[], signal: AbortSignal) {
    this.#keyDescriptors = keyDescriptors;
    this.#signal = signal;
  }

  get size(): number {
    return this.#held.size;
  }

  /**
   * Makes a device, and holds it: in this thread, for to hand it to another one and back takes longer than to make it. Only what may
   * wait for a key or for udev is another thread's.
   *
   * @throws DmfdError as `createDevice`, and `system` with code `resource-limit` where there are no descriptors for it; the
   *   signal's reason
   */
  async make(request: DeviceRequest): Promise<Device> {
    const checked = checkRequest(request);
    this.#checkKeyDescriptors(checked);
    const isForThread = await mayWait(checked);
    this.#room.expectRoom(checked, this.#held.size, this.#inThreads);
    const device = isForThread
      ? await this.#makeInThread(checked)
      : operate(undefined, undefined, (kernel) => makeDevice(kernel, checked));
    this.#held.set(device.name, device);
    return device;
  }

  async #makeInThread(request: CheckedRequest): Promise<Device> {
    this.#inThreads++;
    try {
      return await makeInThread(request, { signal: this.#signal });
    } finally {
      this.#inThreads--;
    }
  }

  /** Lets go of a device, and waits until it is gone, unless it has another holder. @throws DmfdError `usage` */
  async release(text: string): Promise<Released> {
    const name = parseDeviceName(text);
    const device = this.#held.get(name);
    if (device === undefined) {
      throw new DmfdError(
        'device-missing',
        `release ${JSON.stringify(text)}: none of that name is held here`,
        {
          device: name,
          hint: 'only a device of this batch can be released, once its line was answered',
        },
      );
    }
    this.#held.delete(name);
    device.close();
    return { name, gone: await hasGone(device, this.#signal) };
  }

  /** Lets go of all. */
  close(): void {
    for (const device of this.#held.values()) device.close();
    this.#held.clear();
  }

  #checkKeyDescriptors({ below, key }: CheckedRequest): void {
    for (const source of [...below.map((layer) => layer.key), key]) {
      if (source === undefined || !('fd' in source) || this.#keyDescriptors.includes(source.fd)) continue;
      throw new DmfdError('key-not-open', `key descriptor ${source.fd}: dmfd was not started with it`, {
        hint: 'open it for dmfd, as in: dmfd batch FILE 5<KEYFILE',
      });
    }
  }
}

async function hasGone(device: Device, signal: AbortSignal): Promise<boolean> {
  const remains = await waitGone(device, SETTLING, { signal });
  if (isAllGone(remains)) return true;
  if (remains.device && isOpen(device)) return false;
  return isAllGone(await waitGone(device, LEAVING, { signal }));
}

/** Not of one whose name the kernel has forgotten already, and whose targets still write. */
function isOpen({ uuid }: Device): boolean {
  return DmControl.with(new Kernel(), (dm) => (dm.status({ uuid })?.openCount ?? 0) !== 0);
}
