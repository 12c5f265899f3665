import { DmfdError, PRIVILEGE_HINT } from '../errors.js';
import { queryDm } from '../kernel/dm-ioctl.js';
import { describeErrno } from '../kernel/errno.js';
import type { StepListener } from '../kernel/steps.js';
import type { CheckedRequest } from './request.js';

/**
 * Refuses a UUID that exists. The kernel would, too; but after a killed shield the device is taken back by its UUID, which
 * therefore must not have been anybody's before.
 *
 * @throws DmfdError `taken`, or `privilege` when device-mapper may not be asked at all
 */
export function refuseTakenUuid(control: number, { uuid }: CheckedRequest, onStep?: StepListener): void {
  const reply = queryDm(control, 'DEV_STATUS', { uuid }, onStep);
  if (typeof reply === 'number') {
    const errno = describeErrno(-reply);
    if (errno.name === 'ENXIO') return;
    throw refusedAltogether(errno.name, errno.words);
  }
  throw new DmfdError('taken', `device UUID ${JSON.stringify(uuid)}: a device with it exists`, {
    operation: 'DM_DEV_STATUS',
    errno: 'EBUSY',
    hint: 'choose another --uuid, or leave it out; "dmsetup info -c" shows what exists',
  });
}

function refusedAltogether(name: string, words: string): DmfdError {
  const details = { operation: 'DM_DEV_STATUS', errno: name };
  if (name === 'EACCES' || name === 'EPERM') {
    return new DmfdError('privilege', `DM_DEV_STATUS: ${name}, ${words}`, {
      ...details,
      hint: PRIVILEGE_HINT,
    });
  }
  return new DmfdError('system', `DM_DEV_STATUS: ${name}, ${words}`, {
    ...details,
    hint: 'is /dev/mapper/control the device-mapper control device (character, 10:236 on most machines)?',
  });
}
