import type { Kernel } from '../kernel/kernel.js';
import { LOOP_CONTROL, openMiscDevice } from '../kernel/misc-device.js';
import { shim } from '../kernel/shim.js';
import { LOOP_COMMANDS } from './protocol.js';

/**
 * Opens the loop driver's control device for as long as `use` runs.
 *
 * @param use may ask it for the minor of a device that has no file now, and gets that or a negative errno
 * @throws DmfdError as {@link openMiscDevice}
 */
export function withLoopControl<T>(kernel: Kernel, use: (free: () => number) => T): T {
  const fd = openMiscDevice(kernel, LOOP_CONTROL);
  try {
    return use(() =>
      kernel.call('LOOP_CTL_GET_FREE', () => shim.ioctlValue(fd, LOOP_COMMANDS.CTL_GET_FREE, 0)),
    );
  } finally {
    shim.close(fd);
  }
}
