import { DmfdError } from '../errors.js';
import { DmControl } from '../kernel/dm-control.js';
import type { Kernel } from '../kernel/kernel.js';
import { refuseTakenLink } from './mapper-link.js';

/**
 * Refuses a UUID that exists. The kernel would, too; but after a killed shield the device is taken back by its UUID, which
 * therefore must not have been in use before.
 */
export function refuseTakenUuid(dm: DmControl, uuid: string): void {
  if (dm.status({ uuid }) === undefined) return;
  throw new DmfdError('uuid-taken', `device UUID ${JSON.stringify(uuid)}: a device with it exists`, {
    operation: 'DM_DEV_STATUS',
    errno: 'EBUSY',
    hint: 'choose another `uuid`, or leave it out; "dmsetup info -c" shows what exists',
  });
}

/**
 * Refuses a device whose name, UUID or link somebody else has, as far as that can be known without loading a driver.
 *
 * @throws DmfdError `taken`
 */
export function refuseTaken(
  kernel: Kernel,
  {
    name,
    uuid,
    mapperLink = false,
  }: { readonly name: string; readonly uuid?: string; readonly mapperLink?: boolean },
): void {
  DmControl.whereAllowed(kernel, (dm) => {
    if (uuid !== undefined) refuseTakenUuid(dm, uuid);
    if (mapperLink) refuseTakenLink(kernel, dm, name);
    if (dm.status({ name }) === undefined) return;
    throw new DmfdError('name-taken', `device ${name}: a device with that name exists`, {
      operation: 'DM_DEV_STATUS',
      errno: 'EBUSY',
      device: name,
      hint: NAME_TAKEN_HINT,
    });
  });
}

export const NAME_TAKEN_HINT = 'choose another name, or leave it out; "dmsetup info -c" shows what exists';
