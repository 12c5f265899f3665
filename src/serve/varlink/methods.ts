import { stat } from 'node:fs/promises';
import { givenJson, summaryJson, swapJson } from '../../cli/device-json.js';
import type { DeviceRequest } from '../../device/request.js';
import type { DeviceNumber } from '../../dm/device-number.js';
import { DmfdError } from '../../errors.js';
import {
  createDevice,
  createSwap,
  findHolders,
  listDevices,
  probe,
  removeDevice,
  resizeDevice,
} from '../../library/api.js';
import { inThread } from '../../library/threads.js';
import { toChoice, toDeviceRequest, toSwapRequest } from './requests.js';

/** The input of a method. */
export interface Call {
  /** Checked by the interface. */
  readonly parameters: object;
  /** The descriptors that came with the call. They are closed when it is over. */
  readonly fds: readonly number[];
  /** Ends what it waits for, and takes back what it made. */
  readonly signal: AbortSignal;
}

/** The result of a call. */
export interface Answer {
  readonly parameters: object;
  /** Descriptors that go with it. */
  readonly fds?: readonly number[];
  /** Takes back what was made and is nobody's, where the client cannot be told of it. */
  readonly undo?: () => Promise<unknown>;
  /** To be called when it was sent, or could not be. */
  readonly over?: () => void;
}

export type MethodTable = Readonly<Record<string, (call: Call) => Promise<Answer>>>;

/** The methods of DMFD_INTERFACE. */
export const METHODS: MethodTable = {
  /** From the moment that it is sent, the device is the client's; until then, it goes when this process does. */
  Create: async ({ parameters, fds, signal }) => {
    const request = toDeviceRequest(parameters, fds);
    await refuseFifos(request);
    const device = await createDevice(request, { signal });
    const { warnings, fd } = device;
    return {
      parameters: { device: givenJson(device), fileDescriptor: 0, warnings },
      fds: [fd],
      over: () => device.close(),
    };
  },
  CreateSwap: async ({ parameters, signal }) => {
    const swap = await createSwap(toSwapRequest(parameters), { signal });
    return {
      parameters: { swap: swapJson(swap), warnings: swap.warnings },
      undo: () => inThread('endSwap', { path: swap.path }),
    };
  },
  List: async ({ parameters, signal }) => {
    const devices = await listDevices({ ...parameters, signal });
    return { parameters: { devices: devices.map((device) => summaryJson(device)) } };
  },
  FindHolders: async ({ parameters, signal }) => ({
    parameters: { holders: await findHolders(parameters as DeviceNumber, { signal }) },
  }),
  Remove: async ({ parameters, signal }) => {
    const { device, gone, holders } = await removeDevice(toChoice(parameters), { signal });
    return { parameters: { device: summaryJson(device), gone, holders } };
  },
  Resize: async ({ parameters, signal }) => ({
    parameters: await resizeDevice(toChoice(parameters), { signal }),
  }),
  Probe: async ({ signal }) => ({ parameters: await probe({ signal }) }),
};

/** To open one would wait for its writer, and nothing but that could end the wait. */
async function refuseFifos(request: DeviceRequest): Promise<void> {
  for (const { key } of [...(request.below ?? []), request]) {
    if (key === undefined || !('file' in key)) continue;
    const stats = await stat(key.file).catch(() => undefined);
    if (!stats?.isFIFO()) continue;
    throw new DmfdError('key-unusable', `key file ${JSON.stringify(key.file)}: it is a FIFO`, {
      hint: 'open it, and pass the descriptor: `fileDescriptor`',
    });
  }
}
