import type { Kernel } from '../kernel/kernel.js';
import { LOOP_CONTROL, openMiscDevice } from '../kernel/misc-device.js';
import { shim } from '../kernel/shim.js';
import { LOOP_COMMANDS } from './protocol.js';

/** The loop driver's control device. */
export interface LoopControl {
  /** LOOP_CTL_GET_FREE: the minor of a device that has no file now, or a negative errno. */
  free(): number;
}

/** Opens it for as long as `use` runs. @throws DmfdError as {@link openMiscDevice} */
export function withLoopControl<T>(kernel: Kernel, use: (control: LoopControl) => T): T {
  const fd = openMiscDevice(kernel, LOOP_CONTROL);
  try {
    return use({
      free: () => kernel.call('LOOP_CTL_GET_FREE', () => shim.ioctlValue(fd, LOOP_COMMANDS.CTL_GET_FREE, 0)),
    });
  } finally {
    shim.close(fd);
  }
}
