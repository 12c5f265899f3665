import { closeSync } from 'node:fs';
import { DmfdError } from '../errors.js';
import type { Kernel } from '../kernel/kernel.js';
import { attachOpenFile, type Backing, type LoopDevice } from './attach.js';
import type { AttachedLoop } from './attached.js';
import { openBackingFile } from './backing.js';
import { attachUnshared } from './unshared.js';

/** A file under a loop device, and what the user should know of it. */
export interface LoopFile extends LoopDevice {
  readonly warning: string | undefined;
}

/** How a file is to be attached. */
export interface LoopUse {
  readonly readOnly: boolean;
  /** Also where another loop device has the file. */
  readonly shared: boolean;
}

/**
 * Attaches a file, or a block device, to a free loop device.
 *
 * @throws DmfdError `usage` for an unusable file, `taken` when another loop device has it, or when other processes take every
 *   free device first, `kernel` when the driver refuses
 */
export function attachFile(kernel: Kernel, file: string, { readOnly, shared }: LoopUse): LoopFile {
  const { fd, warning } = openBackingFile(file, readOnly);
  try {
    const backing = { fd, file, readOnly };
    return { ...(shared ? attachOpenFile(kernel, backing) : attachAlone(kernel, backing)), warning };
  } finally {
    closeSync(fd);
  }
}

function attachAlone(kernel: Kernel, backing: Backing): LoopDevice {
  const { loop, inTheWay } = attachUnshared(kernel, backing);
  if (loop !== undefined) return loop;
  throw inUse(backing, inTheWay);
}

function inUse({ file, readOnly }: Backing, { minor, readOnly: otherReadOnly }: AttachedLoop): DmfdError {
  const harm =
    readOnly || otherReadOnly
      ? 'what one writes, the other would see half or not at all'
      : 'the two would overwrite what the other writes';
  return new DmfdError(
    'loop-file-in-use',
    `loop file ${JSON.stringify(file)}: /dev/loop${minor} has it; ${harm}`,
    {
      operation: 'LOOP_GET_STATUS64',
      errno: 'EBUSY',
      hint: '"losetup -l" shows it: end what uses it; or allow both with `sharedLoop`',
    },
  );
}
