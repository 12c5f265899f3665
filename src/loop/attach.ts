import { closeSync, constants, openSync } from 'node:fs';
import { resolve } from 'node:path';
import { DmfdError } from '../errors.js';
import { readDiskseq } from '../kernel/block-device.js';
import { resultName } from '../kernel/errno.js';
import type { Kernel } from '../kernel/kernel.js';
import { shim } from '../kernel/shim.js';
import { withLoopControl } from './control.js';
import type { LoopIdentity } from './identity.js';
import { openLoop } from './open.js';
import { encodeLoopConfig, encodeLoopInfo, LOOP_COMMANDS, LOOP_MAJOR, type LoopSetup } from './protocol.js';

/** A loop device that detaches when its last holder lets go: this descriptor, then the table above it. */
export interface LoopDevice extends LoopIdentity {
  readonly fd: number;
}

const ATTEMPTS = 500;

/** A file to attach, and how. */
export interface LoopBacking extends LoopSetup {
  /** The loop device goes on with this very opening, locks and all. */
  readonly fd: number;
  readonly file: string;
  /** It may have blocks of 4096 bytes, where direct I/O needs these. */
  readonly largeBlocks?: boolean;
  /** A path of the block device that should be unused, as in an open backing. */
  readonly alone?: string | undefined;
}

/**
 * Attaches an open file to a free loop device, autoclear from its first moment on. Does not look for other users of the file.
 *
 * @throws DmfdError `taken` when other processes take every free device first, `kernel` when the driver refuses
 */
export function attachOpenFile(kernel: Kernel, backing: LoopBacking): LoopDevice {
  return withLoopControl(kernel, (free) => {
    const { fd, minor } = attachToAnyFree(kernel, free, backing);
    try {
      if (backing.directIo) setDirectIo(kernel, fd, backing);
      return { fd, major: LOOP_MAJOR, minor, diskseq: readDiskseq(kernel, fd), file: backing.file };
    } catch (error) {
      shim.close(fd);
      throw error;
    }
  });
}

/** Bytes. */
export const LARGE_BLOCK = 4096;

/** Not with the attachment, whose flag the kernel ignores where it cannot. */
function setDirectIo(kernel: Kernel, fd: number, backing: LoopBacking): void {
  const possible = openDirect(kernel, backing);
  const set = () =>
    kernel.call('LOOP_SET_DIRECT_IO', () => shim.ioctlValue(fd, LOOP_COMMANDS.SET_DIRECT_IO, 1));
  const result = possible < 0 ? possible : set();
  if (backing.largeBlocks && possible >= 0 && resultName(result) === 'EINVAL') {
    // The disk below has larger blocks than the loop device.
    const larger = kernel.call('LOOP_SET_BLOCK_SIZE', () =>
      shim.ioctlValue(fd, LOOP_COMMANDS.SET_BLOCK_SIZE, LARGE_BLOCK),
    );
    if (larger >= 0) set();
  }
  if (result >= 0 || backing.directIo !== true) return;
  throw kernel.failure('LOOP_SET_DIRECT_IO', result, {
    code: 'kernel-refused',
    subject: subjectOf(backing),
    hint: 'direct I/O needs a file system that has it (tmpfs may not), and an offset and logical blocks that fit those of the disk below',
  });
}

/** The loop driver believes overlayfs, which always says that it can; opening asks the file system below. */
function openDirect(kernel: Kernel, { fd, file }: LoopBacking): number {
  return kernel.call(`open ${file} for direct I/O`, () => {
    closeSync(
      openSync(`/proc/self/fd/${fd}`, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_DIRECT),
    );
    return 0;
  });
}

/** The kernel may tell two processes of the same free one: the later one tries the next. */
function attachToAnyFree(
  kernel: Kernel,
  free: () => number,
  backing: LoopBacking,
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

function configure(kernel: Kernel, loop: number, backing: LoopBacking): number {
  const { fd, file, blockSize } = backing;
  const info = encodeLoopInfo(resolve(file), backing);
  const result = kernel.call('LOOP_CONFIGURE', () =>
    shim.ioctl(loop, LOOP_COMMANDS.CONFIGURE, encodeLoopConfig(fd, info, blockSize)),
  );
  // The answer of a kernel before 5.8 to a command it does not know.
  const unknown = ['EINVAL', 'ENOTTY'].includes(resultName(result));
  if (!unknown) return result;
  const attached = kernel.call('LOOP_SET_FD, LOOP_SET_STATUS64', () => shim.loopSetFd(loop, fd, info));
  if (attached < 0 || blockSize === undefined) return attached;
  return kernel.call('LOOP_SET_BLOCK_SIZE', () =>
    shim.ioctlValue(loop, LOOP_COMMANDS.SET_BLOCK_SIZE, blockSize),
  );
}

function subjectOf({ file }: LoopBacking): string {
  return `loop file ${JSON.stringify(file)}`;
}

function failed(kernel: Kernel, backing: LoopBacking, operation: string, result: number): DmfdError {
  return kernel.failure(operation, result, { code: 'kernel-refused', subject: subjectOf(backing) });
}
