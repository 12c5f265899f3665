import { closeSync } from 'node:fs';
import { encodeCreation } from '../dm/creation.js';
import { formatDeviceNumber } from '../dm/device-number.js';
import { createShielded } from '../kernel/creation.js';
import { KernelLog } from '../kernel/kernel-log.js';
import { DM_CONTROL, withMiscDevice } from '../kernel/misc-device.js';
import type { StepListener } from '../kernel/steps.js';
import { attachLoop, type LoopDevice } from '../loop/attach.js';
import { explainFailure } from './failure.js';
import { Device } from './handle.js';
import { type OpenKey, openKey } from './key.js';
import { takesKeyring } from './keyring.js';
import { type CheckedRequest, checkRequest, type DeviceRequest, substituteLoops } from './request.js';
import { refuseTakenUuid } from './taken.js';

/**
 * Makes a device-mapper device that lives exactly as long as somebody holds it open: first of all the descriptor
 * that is returned. Asks the kernel for that descriptor with DM_FILE_DESCRIPTOR_FLAG (a proposal); on other kernels
 * creates, loads, opens, proves the identity by number, UUID and disk sequence number, marks the device for deferred
 * removal, and only then makes it usable, all in a process of its own that a SIGKILL of this one does not reach.
 *
 * Synchronous: the thread waits for the kernel. When it throws, nothing it made is left.
 *
 * @throws DmfdError `usage`, `privilege`, `unsupported`, `taken`, `kernel` or `system`; see {@link ErrorKind}
 */
export function createDevice(request: DeviceRequest): Device {
  const checked = checkRequest(request);
  const key = checked.key === undefined ? undefined : openKey(checked.key);
  try {
    return create(checked, key, request.onStep);
  } finally {
    key?.close();
  }
}

function create(checked: CheckedRequest, key: OpenKey | undefined, onStep: StepListener | undefined): Device {
  return withMiscDevice(DM_CONTROL, onStep, (control) => {
    refuseTakenUuid(control, checked, onStep);
    const loops: LoopDevice[] = [];
    try {
      for (const file of checked.loop) loops.push(attachLoop(file, checked.readOnly, onStep));
      return createOver(control, checked, loops, key, onStep);
    } finally {
      // The table holds them from its load on; held until then, their numbers cannot be taken by others.
      for (const { fd } of loops) closeSync(fd);
    }
  });
}

function createOver(
  control: number,
  request: CheckedRequest,
  loops: readonly LoopDevice[],
  key: OpenKey | undefined,
  onStep: StepListener | undefined,
): Device {
  const { name, uuid, readOnly, mode } = request;
  const table = substituteLoops(request.table, loops.map(formatDeviceNumber));
  const log = KernelLog.listen();
  try {
    const requests = encodeCreation(name, uuid, table, readOnly, key !== undefined);
    const order = key && { source: key.source, keyringAllowed: takesKeyring(control, table, onStep) };
    const outcome = createShielded(control, mode, readOnly, requests, onStep, order);
    if (outcome.result < 0) {
      const { dev } = outcome;
      const number = dev.major === 0 ? undefined : formatDeviceNumber(dev);
      throw explainFailure(request, outcome, log.deviceMapperLines(number));
    }
    return new Device(request, outcome, loops, key?.warnings);
  } finally {
    log.close();
  }
}
