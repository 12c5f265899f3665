import { DmfdError } from '../errors.js';
import type { Kernel } from '../kernel/kernel.js';
import { attachOpenFile, type LoopBacking, type LoopDevice } from './attach.js';
import type { AttachedLoop } from './attached.js';
import { attachUnshared } from './unshared.js';

/**
 * Attaches an open file, or a block device, to a free loop device.
 *
 * @param shared also where another loop device has the file
 * @throws DmfdError `taken` when another loop device has it, or when other processes take every free device first, `kernel`
 *   when the driver refuses
 */
export function attachFile(kernel: Kernel, backing: LoopBacking, shared: boolean): LoopDevice {
  if (shared) return attachOpenFile(kernel, backing);
  const { loop, inTheWay } = attachUnshared(kernel, backing);
  if (loop !== undefined) return loop;
  throw inUse(backing, inTheWay);
}

function inUse({ file, readOnly }: LoopBacking, { minor, readOnly: otherReadOnly }: AttachedLoop): DmfdError {
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
