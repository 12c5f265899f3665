import { closeSync, openSync } from 'node:fs';
import { DmfdError, ROOT_HINT } from '../errors.js';
import { describeErrno, type Errno, errnoOf } from './errno.js';
import { loadModule, miscMinor } from './modules.js';
import { scratchName } from './scratch.js';
import { shim } from './shim.js';
import { type StepListener, timed } from './steps.js';

/** A driver's control device. */
export interface MiscDevice {
  readonly path: string;
  /** Its name in /proc/misc. */
  readonly miscName: string;
  readonly module: string;
  /** What a person calls the driver. */
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
export function openMiscDevice(device: MiscDevice, onStep?: StepListener): number {
  let result = openNode(device, onStep);
  if (result >= 0) return result;
  if (isRefusal(result)) throw refused(device, describeErrno(-result));
  let complaint: string | undefined;
  if (miscMinor(device.miscName) === undefined) {
    timed(onStep, `modprobe ${device.module}`, () => {
      complaint = loadModule(device.module);
      return 0;
    });
    result = openNode(device, onStep);
    if (result >= 0) return result;
  }
  const minor = miscMinor(device.miscName);
  if (minor === undefined) throw absent(device, complaint);
  result = timed(onStep, `open ${device.path} through a private node`, () =>
    shim.openByNumber('char', MISC_MAJOR, minor, false, scratchName()),
  );
  if (result >= 0) return result;
  throw noNode(device, minor, describeErrno(-result));
}

/** A descriptor that is closed when `use` returns or throws. */
export function withMiscDevice<T>(
  device: MiscDevice,
  onStep: StepListener | undefined,
  use: (fd: number) => T,
): T {
  const fd = openMiscDevice(device, onStep);
  try {
    return use(fd);
  } finally {
    closeSync(fd);
  }
}

function openNode({ path }: MiscDevice, onStep?: StepListener): number {
  return timed(onStep, `open ${path}`, () => {
    try {
      return openSync(path, 'r+');
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === undefined) throw error;
      return -errno.number;
    }
  });
}

function isRefusal(result: number): boolean {
  const { name } = describeErrno(-result);
  return name === 'EACCES' || name === 'EPERM' || name === 'EMFILE' || name === 'ENFILE';
}

function refused(device: MiscDevice, errno: Errno): DmfdError {
  const privilege = errno.name === 'EACCES' || errno.name === 'EPERM';
  return new DmfdError(
    privilege ? 'privilege' : 'system',
    `open ${device.path}: ${errno.name}, ${errno.words}`,
    {
      operation: `open ${device.path}`,
      errno: errno.name,
      hint: privilege ? ROOT_HINT : 'too many files are open: raise the limit (ulimit -n) or close some',
    },
  );
}

function absent(device: MiscDevice, complaint: string | undefined): DmfdError {
  const said = complaint === undefined ? '' : ` (${complaint})`;
  return new DmfdError(
    'unsupported',
    `open ${device.path}: this kernel does not have ${device.driver}${said}`,
    {
      operation: `open ${device.path}`,
      errno: 'ENOENT',
      hint:
        process.getuid?.() === 0
          ? `load the module "${device.module}" on the machine whose kernel this is, or run dmfd there: a container has its host's kernel`
          : `dmfd needs root to load the module "${device.module}"`,
    },
  );
}

function noNode(device: MiscDevice, minor: number, errno: Errno): DmfdError {
  return new DmfdError(
    errno.name === 'EPERM' || errno.name === 'EACCES' ? 'privilege' : 'system',
    `${device.path} does not exist, and a node of our own for it: ${errno.name}, ${errno.words}`,
    {
      operation: `open ${device.path}`,
      errno: errno.name,
      hint: `the driver is loaded; as root: mkdir -p ${device.path.replace(/\/[^/]*$/, '')} && mknod ${device.path} c ${MISC_MAJOR} ${minor} (in a container: give it this device)`,
    },
  );
}
