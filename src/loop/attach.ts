import { closeSync, constants, openSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { DmfdError, NODE_HINT } from '../errors.js';
import { isBlockNode } from '../kernel/block-node.js';
import { readDiskseq } from '../kernel/diskseq.js';
import { describeErrno, errnoOf } from '../kernel/errno.js';
import { LOOP_CONTROL, withMiscDevice } from '../kernel/misc-device.js';
import { scratchName } from '../kernel/scratch.js';
import { shim } from '../kernel/shim.js';
import { pause } from '../kernel/sleep.js';
import { type StepListener, timed } from '../kernel/steps.js';
import { openBackingFile } from './backing.js';
import { encodeLoopConfig, encodeLoopInfo, LOOP_COMMANDS, LOOP_MAJOR } from './protocol.js';

/** A loop device that detaches when its last holder lets go: this descriptor, then the table above it. */
export interface LoopDevice {
  readonly fd: number;
  readonly major: number;
  readonly minor: number;
  /** Of this attachment; another one under the same number has another. 0 before Linux 5.15. */
  readonly diskseq: bigint;
  readonly file: string;
  readonly warning: string | undefined;
}

const ATTEMPTS = 500;

/**
 * Attaches a file to a free loop device, autoclear from its first moment on.
 *
 * @throws DmfdError `usage` for an unusable file, `taken` when other processes take every free device first,
 *   `kernel` when the driver refuses
 */
export function attachLoop(file: string, readOnly: boolean, onStep?: StepListener): LoopDevice {
  const backing = openBackingFile(file, readOnly);
  try {
    return { ...attachOpenFile(backing.fd, file, readOnly, onStep), warning: backing.warning };
  } finally {
    closeSync(backing.fd);
  }
}

/** As {@link attachLoop}, of a file that is open; the loop device goes on with that very opening, locks and all. */
export function attachOpenFile(
  backing: number,
  file: string,
  readOnly: boolean,
  onStep?: StepListener,
): LoopDevice {
  return withMiscDevice(LOOP_CONTROL, onStep, (control) => {
    const { fd, minor } = attachToAnyFree(control, backing, file, readOnly, onStep);
    return { fd, major: LOOP_MAJOR, minor, diskseq: readDiskseq(fd), file, warning: undefined };
  });
}

/** "Free" holds only until somebody else has asked the same question: then the next one is tried. */
function attachToAnyFree(
  control: number,
  backing: number,
  file: string,
  readOnly: boolean,
  onStep?: StepListener,
): { fd: number; minor: number } {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const minor = timed(onStep, 'LOOP_CTL_GET_FREE', () =>
      shim.ioctlValue(control, LOOP_COMMANDS.CTL_GET_FREE, 0),
    );
    if (minor < 0) throw failed(file, 'LOOP_CTL_GET_FREE', minor);
    const fd = openLoop(minor, readOnly, onStep);
    const result = fd < 0 ? fd : configure(fd, backing, file, readOnly, onStep);
    if (result >= 0) return { fd, minor };
    if (fd >= 0) closeSync(fd);
    if (!isTakenByAnother(result)) throw failed(file, `attach to /dev/loop${minor}`, result);
    pause(Math.min(attempt, 20));
  }
  throw new DmfdError(
    'taken',
    `loop file ${JSON.stringify(file)}: every free loop device was taken by another process, ${ATTEMPTS} times in a row`,
    {
      hint: 'too much goes on with loop devices at once: try again',
    },
  );
}

/** ENXIO, ENOENT: the device was removed (LOOP_CTL_REMOVE) after we were told of it. */
function isTakenByAnother(result: number): boolean {
  return ['EBUSY', 'ENXIO', 'ENODEV', 'ENOENT'].includes(describeErrno(-result).name);
}

/** A descriptor of /dev/loopN, by that node or by one of our own, or a negative errno. */
export function openLoop(minor: number, readOnly: boolean, onStep?: StepListener): number {
  return timed(onStep, `open /dev/loop${minor}`, () => {
    try {
      if (!isNodeOf(minor)) return openPrivately(minor, readOnly);
      return openSync(`/dev/loop${minor}`, readOnly ? constants.O_RDONLY : constants.O_RDWR);
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === undefined) throw error;
      return -errno.number;
    }
  });
}

/** Whether /dev has this loop device's own node, and not something else under its name. */
function isNodeOf(minor: number): boolean {
  const stats = statSync(`/dev/loop${minor}`, { bigint: true, throwIfNoEntry: false });
  return isBlockNode(stats, { major: LOOP_MAJOR, minor });
}

/** ENODEV: the device was removed meanwhile, which is no reason to give up. */
function openPrivately(minor: number, readOnly: boolean): number {
  const result = shim.openByNumber('block', LOOP_MAJOR, minor, readOnly, scratchName());
  const { name, words } = describeErrno(Math.abs(result));
  if (result >= 0 || !['EPERM', 'EACCES', 'EROFS'].includes(name)) return result;
  throw new DmfdError(
    'system',
    `/dev has no node /dev/loop${minor}, and opening one of our own says ${name}, ${words}`,
    { operation: `open /dev/loop${minor}`, errno: name, hint: NODE_HINT },
  );
}

function configure(
  fd: number,
  backing: number,
  file: string,
  readOnly: boolean,
  onStep?: StepListener,
): number {
  const info = encodeLoopInfo(resolve(file), readOnly);
  const result = timed(onStep, 'LOOP_CONFIGURE', () =>
    shim.ioctl(fd, LOOP_COMMANDS.CONFIGURE, encodeLoopConfig(backing, info)),
  );
  // What a kernel before 5.8 says to a command it does not know.
  const unknown = result < 0 && ['EINVAL', 'ENOTTY'].includes(describeErrno(-result).name);
  if (!unknown) return result;
  return timed(onStep, 'LOOP_SET_FD, LOOP_SET_STATUS64', () => shim.loopSetFd(fd, backing, info));
}

function failed(file: string, operation: string, result: number): DmfdError {
  const errno = describeErrno(-result);
  return new DmfdError(
    'kernel',
    `loop file ${JSON.stringify(file)}: ${operation}: ${errno.name}, ${errno.words}`,
    {
      operation,
      errno: errno.name,
    },
  );
}
