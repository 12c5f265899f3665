/**
 * Device-mapper devices that live exactly as long as a file descriptor.
 *
 * @packageDocumentation
 */
export type { Backing } from './backing/request.js';
export type { DeviceChoice } from './device/choice.js';
export { createDeviceSync } from './device/create.js';
export type { KeyGiven, Mode } from './device/creation.js';
export type { DeviceFacts, LayerFacts } from './device/facts.js';
export type { Device } from './device/handle.js';
export type { DeviceState, DeviceSummary, ListRequest } from './device/list.js';
export type { StaleLink } from './device/mapper-link.js';
export { type DevicePlan, type LayerPlan, planDeviceSync } from './device/plan.js';
export type { Probe } from './device/probe.js';
export type { Reaped, ReapedLoop, ReapRequest } from './device/reap.js';
export type { Removal } from './device/remove.js';
export type {
  DeviceRequest,
  Layer,
  Message,
  SegmentLayer,
  SegmentRequest,
  TableLayer,
  TableRequest,
} from './device/request.js';
export type { Resized, ResizeRequest } from './device/resize.js';
export type { DeviceIdentity, LayerIdentity, Remains } from './device/wait-gone.js';
export type { DeviceNumber } from './dm/device-number.js';
export type { TargetVersion } from './dm/lists.js';
export type { TableSource } from './dm/table.js';
export type { UdevMode } from './dm/udev.js';
export { DmfdError, type ErrorCode, type ErrorDetails, type ErrorKind } from './errors.js';
export type { Step, StepListener } from './kernel/step.js';
export type { KeySource } from './key/key.js';
export {
  type CallOptions,
  createDevice,
  createSwap,
  findHolders,
  type ListeningOptions,
  listDevices,
  planDevice,
  planSwap,
  probe,
  reapDevices,
  removeDevice,
  resizeDevice,
  waitGone,
} from './library/api.js';
export type { LoopIdentity } from './loop/identity.js';
export type { LoopFeatures } from './loop/probe.js';
export type {
  BackingName,
  Corruption,
  CryptSegment,
  DelaySegment,
  FlakeyFeature,
  FlakeySegment,
  IntegritySegment,
  LinearSegment,
  PlainSegment,
  Segment,
  SnapshotSegment,
  StripedSegment,
  VeritySegment,
} from './segment/segment.js';
export { createSwapSync, planSwapSync, type Swap, type SwapPlan } from './swap/create.js';
export type { Discard, SwapRequest } from './swap/request.js';
