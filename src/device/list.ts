import { formatDeviceNumber } from '../dm/device-number.js';
import { UUID_PREFIX } from '../dm/names.js';
import { FLAGS } from '../dm/protocol.js';
import { diskseqInSys, sizeInSys } from '../kernel/block-device.js';
import { DmControl } from '../kernel/dm-control.js';
import type { Kernel } from '../kernel/kernel.js';
import type { DeviceFacts } from './facts.js';

/** A device of dmfd's on this machine. */
export interface DeviceSummary
  extends Pick<DeviceFacts, 'name' | 'uuid' | 'path' | 'major' | 'minor' | 'diskseq' | 'size' | 'readOnly'> {
  /** How many openers and mounts hold it. */
  readonly openCount: number;
  /** Marked for deferred removal. False only for one whose maker and shield died together: see {@link reapDevices}. */
  readonly deferredRemove: boolean;
}

const SECTOR = 512n;

/**
 * The devices whose UUID starts with `DMFD-`, in the order of their numbers.
 *
 * @throws DmfdError `privilege`, `unsupported`, `kernel`
 */
export function listDevices(kernel: Kernel): DeviceSummary[] {
  return DmControl.with(kernel, (dm) => {
    const listed = dm.listDevices().flatMap(({ name, dev }) => {
      const status = dm.status({ name });
      // Gone since it was listed.
      if (status === undefined || formatDeviceNumber(status.dev) !== formatDeviceNumber(dev)) return [];
      if (!status.uuid.startsWith(UUID_PREFIX)) return [];
      return [
        {
          name,
          uuid: status.uuid,
          path: `/dev/dm-${dev.minor}`,
          ...dev,
          diskseq: diskseqInSys(dev) ?? 0n,
          size: (sizeInSys(dev) ?? 0n) * SECTOR,
          readOnly: (status.flags & FLAGS.READONLY) !== 0,
          openCount: status.openCount,
          deferredRemove: (status.flags & FLAGS.DEFERRED_REMOVE) !== 0,
        },
      ];
    });
    return listed.sort((a, b) => a.minor - b.minor);
  });
}
