import { type DeviceNumber, formatDeviceNumber } from '../dm/device-number.js';
import { substituteLoops } from '../dm/table.js';
import { DmControl } from '../kernel/dm-control.js';
import { type Kernel, operate } from '../kernel/kernel.js';
import { KernelLog } from '../kernel/kernel-log.js';
import { shim } from '../kernel/shim.js';
import { type OpenKey, openKey } from '../key/key.js';
import { takesKeyring } from '../key/keyring.js';
import type { LoopDevice } from '../loop/attach.js';
import { withLoops } from '../loop/plan.js';
import { type LayerBelow, refuseOthersOn } from '../segment/ground.js';
import type { CreationResult } from './creation.js';
import { createOrExplain } from './failure.js';
import { formatAreas } from './format.js';
import { Device } from './handle.js';
import { makeMapperLink, refuseTakenLink } from './mapper-link.js';
import { sendMessages } from './message.js';
import { type PlannedLayer, planAhead, refuseUnformatted, withPlan } from './plan.js';
import { type CheckedLayer, type CheckedRequest, checkRequest, type DeviceRequest } from './request.js';
import { refuseTakenUuid, refuseUnderLoops } from './taken.js';
import { awaitUdev, udevClock } from './udev.js';

const SECTOR = 512n;

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
export function makeAndTell(kernel: Kernel, request: CheckedRequest): Made {
  const options = pickOptions(request);
  if (request.below.length === 0) return makeLayer(kernel, request, options, []);
  planAhead(kernel, request);
  const below: Device[] = [];
  try {
    for (const layer of request.below) {
      below.push(makeLayer(kernel, layer, optionsBelow(options), below).device);
      kernel.throwIfCanceled();
    }
    const { device, result } = makeLayer(kernel, request, options, below);
    return { device: device.over(below), result };
  } finally {
    // The layers above hold them now; without any, they go.
    for (const layer of below) layer.close();
  }
}

interface Made {
  readonly device: Device;
  readonly result: CreationResult;
}

/** @param below the layers that are there, the lowest first; each is held by its descriptor, and marked for removal */
function makeLayer(kernel: Kernel, layer: CheckedLayer, options: Options, below: readonly Device[]): Made {
  const key = layer.key === undefined ? undefined : openKey(layer.key);
  try {
    const ground = below.map(asGround);
    return withPlan(kernel, layer, ground, (planned) =>
      DmControl.with(kernel, (dm) => {
        refuseTakenUuid(dm, layer.uuid);
        if (options.mapperLink) refuseTakenLink(kernel, dm, layer.name);
        const make = ({ loops, looks = [], ...plan }: PlannedLayer) => {
          refuseUnderLoops(kernel, plan, options.sharedLoop);
          return withLoops(kernel, loops, options.sharedLoop, (attached) => {
            for (const look of looks) look();
            return createOver(kernel, dm, { ...plan, ...options }, attached, key);
          });
        };
        if (planned.formatting === undefined) return make(planned);
        formatAreas(kernel, dm, { ...planned, ...options });
        return withPlan(kernel, layer, ground, (formatted) => {
          refuseUnformatted(formatted);
          return make(formatted);
        });
      }),
    );
  } finally {
    key?.close();
  }
}

/** The properties of a request that are about the whole device. */
type Options = Pick<CheckedRequest, 'sharedLoop' | 'mode' | 'udev' | 'udevWait' | 'mapperLink'>;

function pickOptions({ sharedLoop, mode, udev, udevWait, mapperLink }: CheckedRequest): Options {
  return { sharedLoop, mode, udev, udevWait, mapperLink };
}

/** Of a layer below, nothing is to be found under its name, or by its content, which may be that of the device on it. */
function optionsBelow(options: Options): Options {
  const udev = options.udev === 'none' ? 'none' : 'quiet';
  return { ...options, udev, udevWait: undefined, mapperLink: false };
}

function asGround(device: Device): LayerBelow {
  const { path, size, readOnly } = device;
  return { sectors: size / SECTOR, readOnly, live: { path, number: formatDeviceNumber(device) } };
}

function createOver(
  kernel: Kernel,
  dm: DmControl,
  request: Omit<PlannedLayer, 'loops' | 'looks'> & Options,
  loops: readonly LoopDevice[],
  key: OpenKey | undefined,
): Made {
  const table = substituteLoops(request.table, loops.map(formatDeviceNumber));
  const log = KernelLog.listen(kernel);
  try {
    const keyringAllowed = key !== undefined && takesKeyring(kernel, dm, table);
    const since = udevClock();
    const result = createOrExplain(kernel, dm, { ...request, table, key, keyringAllowed }, log);
    const device = { name: request.name, ...result.dev };
    const { linkWarnings, mapperLink } = orClose(result.fd, () => {
      const ownLoops = loops.map(({ minor }) => minor);
      const own = [`dm-${device.minor}`, ...ownLoops.map((minor) => `loop${minor}`)];
      for (const named of request.devices ?? []) if (named.overwritten) refuseOthersOn(kernel, named, own);
      refuseUnderLoops(kernel, request, request.sharedLoop, ownLoops);
      sendMessages(dm, device, request.messages, log);
      return makeLinks(kernel, request, device, since);
    });
    const warnings = [...(key?.warnings ?? []), ...request.warnings, ...linkWarnings];
    return { device: Device.of(request, result, loops, warnings, mapperLink), result };
  } finally {
    log.close();
  }
}

/** When it throws, the device is let go of. */
function orClose<T>(fd: number, action: () => T): T {
  try {
    return action();
  } catch (error) {
    shim.close(fd);
    throw error;
  }
}

/** Those in /dev, by udev or without it. */
function makeLinks(
  kernel: Kernel,
  { udevWait, mapperLink }: Options,
  device: DeviceNumber & { readonly name: string },
  since: bigint,
): { readonly linkWarnings: readonly string[]; readonly mapperLink: string | undefined } {
  const warning = udevWait === undefined ? undefined : awaitUdev(kernel, device, since, udevWait);
  return {
    linkWarnings: warning === undefined ? [] : [warning],
    mapperLink: mapperLink ? makeMapperLink(kernel, device, since) : undefined,
  };
}
