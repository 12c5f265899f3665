import { formatDeviceNumber } from '../dm/device-number.js';
import { substituteLoops } from '../dm/table.js';
import { DmfdError } from '../errors.js';
import { DmControl } from '../kernel/dm-control.js';
import { type Kernel, operate } from '../kernel/kernel.js';
import { KernelLog } from '../kernel/kernel-log.js';
import { shim } from '../kernel/shim.js';
import { type OpenKey, openKey } from '../key/key.js';
import { takesKeyring } from '../key/keyring.js';
import type { LoopDevice } from '../loop/attach.js';
import { withLoops } from '../loop/plan.js';
import { type CreationResult, createShielded } from './creation.js';
import { explainFailure } from './failure.js';
import { Device } from './handle.js';
import { makeMapperLink, refuseTakenLink } from './mapper-link.js';
import { type PlannedRequest, withPlan } from './plan.js';
import { type CheckedRequest, checkRequest, type DeviceRequest } from './request.js';
import { awaitUdev, udevClock } from './udev.js';

/**
 * As {@link createDevice}, in this thread, which waits for the kernel: for scripts. When it throws, nothing it made is left.
 *
 * @throws DmfdError `usage`, `privilege`, `unsupported`, `taken`, `kernel` or `system`; see {@link ErrorKind}
 */
export function createDeviceSync(request: DeviceRequest): Device {
  const checked = checkRequest(request);
  return operate(
    request.onStep,
    undefined,
    (kernel) => makeDevice(kernel, checked),
    (device) => device.close(),
  );
}

/** A device of a checked request. */
export function makeDevice(kernel: Kernel, request: CheckedRequest): Device {
  return makeAndTell(kernel, request).device;
}

/** The device, and what the kernel answered on the way. */
export function makeAndTell(
  kernel: Kernel,
  request: CheckedRequest,
): { readonly device: Device; readonly result: CreationResult } {
  const key = request.key === undefined ? undefined : openKey(request.key);
  try {
    return withPlan(kernel, request, (planned) =>
      DmControl.with(kernel, (dm) => {
        refuseTakenUuid(dm, request);
        if (request.mapperLink) refuseTakenLink(kernel, dm, request.name);
        return withLoops(kernel, planned.loops, request.sharedLoop, (loops) =>
          createOver(kernel, dm, planned, loops, key),
        );
      }),
    );
  } finally {
    key?.close();
  }
}

/**
 * Refuses a UUID that exists. The kernel would, too; but after a killed shield the device is taken back by its UUID, which
 * therefore must not have been anybody's before.
 */
function refuseTakenUuid(dm: DmControl, { uuid }: CheckedRequest): void {
  if (dm.status({ uuid }) === undefined) return;
  throw new DmfdError('uuid-taken', `device UUID ${JSON.stringify(uuid)}: a device with it exists`, {
    operation: 'DM_DEV_STATUS',
    errno: 'EBUSY',
    hint: 'choose another `uuid`, or leave it out; "dmsetup info -c" shows what exists',
  });
}

function createOver(
  kernel: Kernel,
  dm: DmControl,
  request: PlannedRequest,
  loops: readonly LoopDevice[],
  key: OpenKey | undefined,
): { device: Device; result: CreationResult } {
  const table = substituteLoops(request.table, loops.map(formatDeviceNumber));
  const log = KernelLog.listen(kernel);
  try {
    const keyringAllowed = key !== undefined && takesKeyring(kernel, dm, table);
    const since = udevClock();
    const result = createShielded(kernel, dm, { ...request, table, key, keyringAllowed });
    if (result.result < 0) {
      const { dev } = result;
      const number = dev.major === 0 ? undefined : formatDeviceNumber(dev);
      throw explainFailure(request, result, log.deviceMapperLines(number));
    }
    const { linkWarnings, mapperLink } = makeLinks(kernel, request, result, since);
    const warnings = [...(key?.warnings ?? []), ...request.warnings, ...linkWarnings];
    return { device: Device.of(request, result, loops, warnings, mapperLink), result };
  } finally {
    log.close();
  }
}

/** Those in /dev, by udev or without it. When it throws, the device is let go of. */
function makeLinks(
  kernel: Kernel,
  { name, udevWait, mapperLink }: PlannedRequest,
  { dev, fd }: CreationResult,
  since: bigint,
): { readonly linkWarnings: readonly string[]; readonly mapperLink: string | undefined } {
  const device = { name, ...dev };
  try {
    const warning = udevWait === undefined ? undefined : awaitUdev(kernel, device, since, udevWait);
    return {
      linkWarnings: warning === undefined ? [] : [warning],
      mapperLink: mapperLink ? makeMapperLink(kernel, device) : undefined,
    };
  } catch (error) {
    shim.close(fd);
    throw error;
  }
}
