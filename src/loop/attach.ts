import { resolve } from 'node:path';
import { DmfdError } from '../errors.js';
import { readDiskseq } from '../kernel/block-device.js';
import { resultName } from '../kernel/errno.js';
import type { Kernel } from '../kernel/kernel.js';
import { shim } from '../kernel/shim.js';
import { withLoopControl } from './control.js';
import { openLoop } from './open.js';
import { encodeLoopConfig, encodeLoopInfo, LOOP_COMMANDS, LOOP_MAJOR } from './protocol.js';

/** A loop device that detaches when its last holder lets go: this descriptor, then the table above it. */
export interface LoopDevice {
  readonly fd: number;
  readonly major: number;
  readonly minor: number;
  /** Of this attachment; another one under the same number has another. 0 before Linux 5.15. */
  readonly diskseq: bigint;
  readonly file: string;
}

const ATTEMPTS = 500;

/** What is to be attached, and how. */
export interface Backing {
  /** The loop device goes on with this very opening, locks and all. */
  readonly fd: number;
  readonly file: string;
  readonly readOnly: boolean;
}

/**
 * Attaches an open file to a free loop device, autoclear from its first moment on, whoever else has the file.
 *
 * @throws DmfdError `taken` when other processes take every free device first, `kernel` when the driver refuses
 */
export function attachOpenFile(kernel: Kernel, backing: Backing): LoopDevice {
  return withLoopControl(kernel, (control) => {
    const { fd, minor } = attachToAnyFree(kernel, control.free, backing);
    const diskseq = readDiskseq(kernel, fd);
    return { fd, major: LOOP_MAJOR, minor, diskseq, file: backing.file };
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
