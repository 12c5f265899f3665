import { makeDevice } from '../device/create.js';
import type { DeviceFacts } from '../device/facts.js';
import { findHolders } from '../device/holders.js';
import { listDevices } from '../device/list.js';
import { describePlan } from '../device/plan.js';
import { probe } from '../device/probe.js';
import { reapDevices } from '../device/reap.js';
import { removeDevice } from '../device/remove.js';
import type { CheckedRequest } from '../device/request.js';
import { resizeDevice } from '../device/resize.js';
import type { DeviceNumber } from '../dm/device-number.js';
import { DmControl } from '../kernel/dm-control.js';
import type { Kernel } from '../kernel/kernel.js';
import { describeSwap, endSwap, makeSwap } from '../swap/create.js';

/** A device on its way from the thread that made it: the descriptor is the process's. */
export interface MadeDevice {
  readonly facts: DeviceFacts;
  readonly fd: number;
}

/** The operations for a thread of its own: requests and results are plain data, which can pass between threads. */
export const OPERATIONS = {
  createDevice: (kernel: Kernel, request: CheckedRequest): MadeDevice =>
    makeDevice(kernel, request).handOver(),
  planDevice: describePlan,
  createSwap: makeSwap,
  endSwap,
  planSwap: describeSwap,
  probe,
  listDevices,
  removeDevice,
  resizeDevice,
  reapDevices,
  /** A descriptor, which is the process's. */
  openControl: (kernel: Kernel): number => DmControl.open(kernel).fd,
  findHolders: (_kernel: Kernel, device: DeviceNumber): string[] => findHolders(device),
} as const;

export type OperationName = keyof typeof OPERATIONS;
export type RequestOf<Name extends OperationName> = Parameters<(typeof OPERATIONS)[Name]>[1];
export type ResultOf<Name extends OperationName> = ReturnType<(typeof OPERATIONS)[Name]>;
