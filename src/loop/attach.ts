import { closeSync, constants, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { DmfdError, NODE_HINT } from '../errors.js';
import { isBlockNode, readDiskseq } from '../kernel/block-device.js';
import { describeErrno, errnoError, resultName } from '../kernel/errno.js';
import type { Kernel } from '../kernel/kernel.js';
import { scratchName, shim } from '../kernel/shim.js';
import { openBackingFile } from './backing.js';
import { withLoopControl } from './control.js';
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

/** What is to be attached, and how. */
interface Backing {
  readonly fd: number;
  readonly file: string;
  readonly readOnly: boolean;
}

/**
 * Attaches a file to a free loop device, autoclear from its first moment on.
 *
 * @throws DmfdError `usage` for an unusable file, `taken` when other processes take every free device first,
 *   `kernel` when the driver refuses
 */
export function attachLoop(kernel: Kernel, file: string, readOnly: boolean): LoopDevice {
  const { fd, warning } = openBackingFile(file, readOnly);
  try {
    return { ...attachOpenFile(kernel, { fd, file, readOnly }), warning };
  } finally {
    closeSync(fd);
  }
}

/** As {@link attachLoop}, of a file that is open; the loop device goes on with that very opening, locks and all. */
export function attachOpenFile(kernel: Kernel, backing: Backing): LoopDevice {
  return withLoopControl(kernel, (control) => {
    const { fd, minor } = attachToAnyFree(kernel, control.free, backing);
    const diskseq = readDiskseq(kernel, fd);
    return { fd, major: LOOP_MAJOR, minor, diskseq, file: backing.file, warning: undefined };
  });
}

/** "Free" holds only until somebody else has asked the same question: then the next one is tried. */
function attachToAnyFree(
  kernel: Kernel,
  free: () => number,
  backing: Backing,
): { fd: number; minor: number } {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const minor = free();
    if (minor < 0) throw failed(kernel, backing, 'LOOP_CTL_GET_FREE', minor);
    const fd = openLoop(kernel, minor, backing.readOnly);
    const result = fd < 0 ? fd : configure(kernel, fd, backing);
    if (result >= 0) return { fd, minor };
    if (fd >= 0) shim.close(fd);
    if (!isTakenByAnother(result)) throw failed(kernel, backing, `attach to /dev/loop${minor}`, result);
    kernel.pause(Math.min(attempt, 20));
  }
  throw new DmfdError(
    'loop-devices-taken',
    `${subjectOf(backing)}: every free loop device was taken by another process, ${ATTEMPTS} times in a row`,
    { hint: 'too much goes on with loop devices at once: try again' },
  );
}

/** ENXIO, ENOENT: the device was removed (LOOP_CTL_REMOVE) after we were told of it. */
function isTakenByAnother(result: number): boolean {
  return ['EBUSY', 'ENXIO', 'ENODEV', 'ENOENT'].includes(resultName(result));
}

/** A descriptor of /dev/loopN, by that node or by one of our own, or a negative errno. */
export function openLoop(kernel: Kernel, minor: number, readOnly: boolean): number {
  return kernel.call(`open /dev/loop${minor}`, () => {
    if (!isNodeOf(minor)) return openPrivately(minor, readOnly);
    return shim.open(Buffer.from(`/dev/loop${minor}\0`), readOnly ? constants.O_RDONLY : constants.O_RDWR);
  });
}

/** Whether /dev has this loop device's own node, and not something else under its name. */
function isNodeOf(minor: number): boolean {
  const stats = statSync(`/dev/loop${minor}`, { bigint: true, throwIfNoEntry: false });
  return isBlockNode(stats, { major: LOOP_MAJOR, minor });
}

/** ENODEV: the device was removed meanwhile, which is no reason to give up. */
function openPrivately(minor: number, readOnly: boolean): number {
  const result = shim.openByNumber(1, LOOP_MAJOR, minor, readOnly ? 1 : 0, scratchName());
  const errno = describeErrno(Math.abs(result));
  if (result >= 0 || !['EPERM', 'EACCES', 'EROFS'].includes(errno.name)) return result;
  throw errnoError(`open /dev/loop${minor}`, errno, {
    code: 'node-missing',
    said: `/dev has no node /dev/loop${minor}, and opening one of our own says ${errno.name}, ${errno.words}`,
    hint: NODE_HINT,
  });
}

function configure(kernel: Kernel, loop: number, { fd, file, readOnly }: Backing): number {
  const info = encodeLoopInfo(resolve(file), readOnly);
  const result = kernel.call('LOOP_CONFIGURE', () =>
    shim.ioctl(loop, LOOP_COMMANDS.CONFIGURE, encodeLoopConfig(fd, info)),
  );
  // What a kernel before 5.8 says to a command it does not know.
  const unknown = ['EINVAL', 'ENOTTY'].includes(resultName(result));
  if (!unknown) return result;
  return kernel.call('LOOP_SET_FD, LOOP_SET_STATUS64', () => shim.loopSetFd(loop, fd, info));
}

function subjectOf({ file }: Backing): string {
  return `loop file ${JSON.stringify(file)}`;
}

function failed(kernel: Kernel, backing: Backing, operation: string, result: number): DmfdError {
  return kernel.failure(operation, result, { code: 'kernel-refused', subject: subjectOf(backing) });
}
