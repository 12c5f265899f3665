/**
 * Device-mapper devices that live exactly as long as a file descriptor.
 *
 * @packageDocumentation
 */
export { createDevice } from './device/create.js';
export { type Remains, waitGone } from './device/gone.js';
export type { Device, LoopIdentity } from './device/handle.js';
export { findHolders } from './device/holders.js';
export type { KeySource } from './device/key.js';
export { type DeviceSummary, listDevices } from './device/list.js';
export { type Probe, probe } from './device/probe.js';
export { reapDevices } from './device/reap.js';
export type { DeviceRequest } from './device/request.js';
export type { DeviceNumber } from './dm/device-number.js';
export type { TargetVersion } from './dm/lists.js';
export type { TableSource } from './dm/table.js';
export { DmfdError, type ErrorDetails, type ErrorKind } from './errors.js';
export type { KeyGiven, Mode } from './kernel/creation.js';
export type { Step, StepListener } from './kernel/steps.js';
export type { LoopFeatures } from './loop/probe.js';
export { createSwap, planSwap, type Swap, type SwapPlan } from './swap/create.js';
export type { Discard, SwapRequest } from './swap/request.js';
