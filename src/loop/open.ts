import { constants, statSync } from 'node:fs';
import { NODE_HINT } from '../errors.js';
import { isBlockNode } from '../kernel/block-device.js';
import { cString } from '../kernel/c-string.js';
import { describeErrno, errnoError, resultName } from '../kernel/errno.js';
import type { Kernel } from '../kernel/kernel.js';
import { scratchName } from '../kernel/random.js';
import { shim } from '../kernel/shim.js';
import { LOOP_MAJOR } from './protocol.js';

/**
 * A descriptor of /dev/loopN, by that node or by one of our own, or a negative errno.
 *
 * @throws DmfdError `system` when there is no node, and none may be made
 */
export function openLoop(kernel: Kernel, minor: number, readOnly: boolean): number {
  return kernel.call(`open /dev/loop${minor}`, () => {
    if (!isNodeOf(minor)) return openPrivately(minor, readOnly);
    return shim.open(cString(`/dev/loop${minor}`), readOnly ? constants.O_RDONLY : constants.O_RDWR);
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
  if (!['EPERM', 'EACCES', 'EROFS'].includes(resultName(result))) return result;
  const errno = describeErrno(-result);
  throw errnoError(`open /dev/loop${minor}`, errno, {
    code: 'node-missing',
    said: `/dev has no node /dev/loop${minor}, and opening one of our own says ${errno.name}, ${errno.words}`,
    hint: NODE_HINT,
  });
}
