import type { DeviceChoice } from '../device/choice.js';
import { makeDevice } from '../device/create.js';
import type { DeviceFacts } from '../device/facts.js';
import { findHolders } from '../device/holders.js';
import { type DeviceSummary, type ListRequest, listDevices } from '../device/list.js';
import { type DevicePlan, describePlan } from '../device/plan.js';
import { type Probe, probe } from '../device/probe.js';
import { type Reaped, type ReapRequest, reapDevices } from '../device/reap.js';
import { type Removal, removeDevice } from '../device/remove.js';
import type { CheckedRequest } from '../device/request.js';
import { type Resized, type ResizeRequest, resizeDevice } from '../device/resize.js';
import type { DeviceNumber } from '../dm/device-number.js';
import { DmControl } from '../kernel/dm-control.js';
import type { Kernel } from '../kernel/kernel.js';
import { describeSwap, endSwap, makeSwap, type Swap, type SwapPlan } from '../swap/create.js';
import type { CheckedSwap } from '../swap/request.js';

/** A device on its way from the thread that made it: the descriptor is the process's. */
export interface MadeDevice {
  readonly facts: DeviceFacts;
  readonly fd: number;
}

/** The operations for a thread of its own: requests and results are plain data, which can pass between threads. */
export const OPERATIONS = {
  createDevice: (kernel: Kernel, request: CheckedRequest): MadeDevice =>
    makeDevice(kernel, request).handOver(),
  planDevice: (kernel: Kernel, request: CheckedRequest): DevicePlan => describePlan(kernel, request),
  createSwap: (kernel: Kernel, request: CheckedSwap): Swap => makeSwap(kernel, request),
  endSwap: (kernel: Kernel, swap: Pick<Swap, 'path'>): void => endSwap(kernel, swap),
  planSwap: (kernel: Kernel, request: CheckedSwap): SwapPlan => describeSwap(kernel, request),
  probe: (kernel: Kernel): Probe => probe(kernel),
  listDevices: (kernel: Kernel, request: ListRequest): DeviceSummary[] => listDevices(kernel, request),
  removeDevice: (kernel: Kernel, choice: DeviceChoice): Removal => removeDevice(kernel, choice),
  resizeDevice: (kernel: Kernel, request: ResizeRequest): Resized => resizeDevice(kernel, request),
  reapDevices: (kernel: Kernel, request: ReapRequest): Reaped => reapDevices(kernel, request),
  /** A descriptor, which is the process's. */
  openControl: (kernel: Kernel): number => DmControl.open(kernel).fd,
  findHolders: (_kernel: Kernel, device: DeviceNumber): string[] => findHolders(device),
} as const;

export type OperationName = keyof typeof OPERATIONS;
export type RequestOf<Name extends OperationName> = Parameters<(typeof OPERATIONS)[Name]>[1];
export type ResultOf<Name extends OperationName> = ReturnType<(typeof OPERATIONS)[Name]>;
