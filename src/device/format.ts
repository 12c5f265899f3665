import { formatDeviceNumber } from '../dm/device-number.js';
import { substituteLoops } from '../dm/table.js';
import { DmfdError } from '../errors.js';
import type { DmControl } from '../kernel/dm-control.js';
import type { Kernel } from '../kernel/kernel.js';
import { KernelLog } from '../kernel/kernel-log.js';
import { retryWhileLeaving } from '../kernel/leaving.js';
import { shim } from '../kernel/shim.js';
import { withLoops } from '../loop/plan.js';
import type { CreationResult, Mode } from './creation.js';
import { createOrExplain } from './failure.js';
import type { PlannedLayer } from './plan.js';
import { isThere } from './wait-gone.js';

/** The areas to format, and the name under which the kernel does it. */
type Asked = Pick<PlannedLayer, 'name' | 'uuid' | 'loops' | 'looks' | 'formatting'> & {
  readonly sharedLoop: boolean;
  readonly mode: Mode;
};

/**
 * Has the kernel format areas, as it does when it first loads a table over zeros. The device of that table has the name and UUID
 * of the one to be, so that no other device has them, and is gone when this returns: two devices over one area would write over each
 * other.
 *
 * @throws DmfdError `kernel`, or `taken` when another process holds that device
 */
export function formatAreas(kernel: Kernel, dm: DmControl, asked: Asked): void {
  const { name, uuid, loops, looks = [], formatting, sharedLoop, mode } = asked;
  if (formatting === undefined) return;
  withLoops(kernel, loops, sharedLoop, (attached) => {
    for (const look of looks) look();
    const table = substituteLoops(formatting, attached.map(formatDeviceNumber));
    const log = KernelLog.listen(kernel);
    try {
      const creation = { name, uuid, table, mode, readOnly: false, udev: 'quiet' } as const;
      const made = createOrExplain(kernel, dm, { ...creation, key: undefined, keyringAllowed: false }, log);
      shim.close(made.fd);
      awaitGone(kernel, dm, asked, made);
    } finally {
      log.close();
    }
  });
}

function awaitGone(
  kernel: Kernel,
  dm: DmControl,
  { name, uuid }: Asked,
  { dev, diskseq }: CreationResult,
): void {
  const device = { ...dev, uuid, diskseq };
  const gone = () => !isThere(dm, device);
  if (retryWhileLeaving(kernel, gone, () => true)) return;
  throw new DmfdError('still-held', `device ${name}: it has formatted its area, and somebody holds it`, {
    device: name,
    hint: 'try again: the area is formatted now',
  });
}
