import { DmfdError } from '../errors.js';
import { resultName } from '../kernel/errno.js';
import type { Kernel } from '../kernel/kernel.js';
import { shim } from '../kernel/shim.js';
import { withLoopControl } from './control.js';
import { openLoop } from './open.js';
import { encodeLoopConfig, encodeLoopInfo, LOOP_COMMANDS } from './protocol.js';

export interface LoopFeatures {
  readonly available: boolean;
  /** LOOP_CONFIGURE: attach and make autoclear in one call (Linux 5.8). */
  readonly configure: boolean;
  /** Why not, when not available. */
  readonly reason: string | undefined;
}

const NO_FILE = -1;

/** Asks the loop driver to configure a free device with no file at all: one that knows how says EBADF. */
export function probeLoop(kernel: Kernel): LoopFeatures {
  try {
    return withLoopControl(kernel, (free) => {
      const minor = free();
      if (minor < 0) return unavailable(`LOOP_CTL_GET_FREE: ${resultName(minor)}`);
      return { available: true, configure: knowsConfigure(kernel, minor), reason: undefined };
    });
  } catch (error) {
    if (!(error instanceof DmfdError)) throw error;
    return unavailable(error.message);
  }
}

function unavailable(reason: string): LoopFeatures {
  return { available: false, configure: false, reason };
}

function knowsConfigure(kernel: Kernel, minor: number): boolean {
  const loop = openLoop(kernel, minor, true);
  if (loop < 0) return false;
  const config = encodeLoopConfig(NO_FILE, encodeLoopInfo('', { readOnly: true }));
  const result = kernel.call('LOOP_CONFIGURE without a file', () =>
    shim.ioctl(loop, LOOP_COMMANDS.CONFIGURE, config),
  );
  shim.close(loop);
  return resultName(result) === 'EBADF';
}
