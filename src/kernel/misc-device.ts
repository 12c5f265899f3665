import { constants } from 'node:fs';
import { DmfdError, type ErrorCode, ROOT_HINT } from '../errors.js';
import { cString } from './c-string.js';
import { describeErrno, type Errno, errnoError, isRefusal } from './errno.js';
import type { Kernel } from './kernel.js';
import { loadModule } from './modprobe.js';
import { readIfThere } from './pseudo-files.js';
import { scratchName } from './random.js';
import { shim } from './shim.js';

/** A driver's control device. */
export interface MiscDevice {
  readonly path: string;
  /** Its name in /proc/misc. */
  readonly miscName: string;
  readonly module: string;
  /** The driver's name in messages. */
  readonly driver: string;
}

export const DM_CONTROL: MiscDevice = {
  path: '/dev/mapper/control',
  miscName: 'device-mapper',
  module: 'dm-mod',
  driver: 'device-mapper',
};

export const LOOP_CONTROL: MiscDevice = {
  path: '/dev/loop-control',
  miscName: 'loop-control',
  module: 'loop',
  driver: 'the loop driver',
};

const MISC_MAJOR = 10;

/**
 * Opens the node, which loads the module where a static node exists; else loads it with modprobe; else, where the
 * driver is there and only /dev lacks its node, opens it through a node of our own.
 *
 * @throws DmfdError `privilege` when it may not be opened, `unsupported` when this kernel does not have the driver
 */
export function openMiscDevice(kernel: Kernel, device: MiscDevice): number {
  const openNode = () =>
    kernel.call(`open ${device.path}`, () => shim.open(cString(device.path), constants.O_RDWR));
  let result = openNode();
  if (result >= 0) return result;
  if (isFinal(describeErrno(-result))) throw refused(device, describeErrno(-result));
  let complaint: string | undefined;
  if (miscMinor(device.miscName) === undefined) {
    complaint = loadModule(kernel, device.module);
    result = openNode();
    if (result >= 0) return result;
  }
  const minor = miscMinor(device.miscName);
  if (minor === undefined) throw absent(device, complaint);
  result = kernel.call(`open ${device.path} through a private node`, () =>
    shim.openByNumber(0, MISC_MAJOR, minor, 0, scratchName()),
  );
  if (result >= 0) return result;
  throw noNode(device, minor, describeErrno(-result));
}

/** The same, where the driver is loaded and this process may have it: undefined elsewhere, and nothing is loaded for it. */
export function openMiscDeviceIfThere(kernel: Kernel, device: MiscDevice): number | undefined {
  if (miscMinor(device.miscName) === undefined) return undefined;
  try {
    return openMiscDevice(kernel, device);
  } catch (error) {
    if (error instanceof DmfdError && NOT_FOR_US.includes(error.code)) return undefined;
    throw error;
  }
}

const NOT_FOR_US: readonly ErrorCode[] = ['not-permitted', 'node-missing', 'driver-missing'];

/** The minor number under which the running kernel offers a misc device, or undefined when it does not. */
export function miscMinor(name: string): number | undefined {
  const list = readIfThere('/proc/misc');
  const line = list.split('\n').find((entry) => entry.trim().endsWith(` ${name}`));
  return line === undefined ? undefined : Number.parseInt(line, 10);
}

/** A node that is there and does not open: another one would not, either. */
function isFinal(errno: Errno): boolean {
  return isRefusal(errno) || errno.name === 'EMFILE' || errno.name === 'ENFILE';
}

function refused({ path }: MiscDevice, errno: Errno): DmfdError {
  if (isRefusal(errno)) {
    const isRoot = process.geteuid?.() === 0;
    const hint = isRoot
      ? `a container has to be given this device, as with: docker run --device ${path}`
      : ROOT_HINT;
    return errnoError(`open ${path}`, errno, { hint });
  }
  const hint = 'too many files are open: raise the limit (ulimit -n) or close some';
  return errnoError(`open ${path}`, errno, { code: 'resource-limit', hint });
}

function absent(device: MiscDevice, complaint: string | undefined): DmfdError {
  const said = complaint === undefined ? '' : ` (${complaint})`;
  return new DmfdError(
    'driver-missing',
    `open ${device.path}: this kernel does not have ${device.driver}${said}`,
    {
      operation: `open ${device.path}`,
      errno: 'ENOENT',
      hint:
        process.geteuid?.() === 0
          ? `load the module "${device.module}" on the machine whose kernel this is, or run dmfd there: a container has its host's kernel`
          : `dmfd needs root to load the module "${device.module}"`,
    },
  );
}

function noNode({ path }: MiscDevice, minor: number, errno: Errno): DmfdError {
  return errnoError(`open ${path}`, errno, {
    code: isRefusal(errno) ? 'not-permitted' : 'node-missing',
    said: `${path} does not exist, and a node of our own for it: ${errno.name}, ${errno.words}`,
    hint: `the driver is loaded; as root: mkdir -p ${path.replace(/\/[^/]*$/, '')} && mknod ${path} c ${MISC_MAJOR} ${minor} (in a container: give it this device)`,
  });
}
