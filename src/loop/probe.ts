import { closeSync } from 'node:fs';
import { DmfdError } from '../errors.js';
import { describeErrno } from '../kernel/errno.js';
import { LOOP_CONTROL, withMiscDevice } from '../kernel/misc-device.js';
import { shim } from '../kernel/shim.js';
import { type StepListener, timed } from '../kernel/steps.js';
import { openLoop } from './attach.js';
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
export function probeLoop(onStep?: StepListener): LoopFeatures {
  try {
    return withMiscDevice(LOOP_CONTROL, onStep, (control) => {
      const minor = shim.ioctlValue(control, LOOP_COMMANDS.CTL_GET_FREE, 0);
      if (minor < 0) {
        const reason = `LOOP_CTL_GET_FREE: ${describeErrno(-minor).name}`;
        return { available: false, configure: false, reason };
      }
      return { available: true, configure: knowsConfigure(minor, onStep), reason: undefined };
    });
  } catch (error) {
    if (!(error instanceof DmfdError)) throw error;
    return { available: false, configure: false, reason: error.message };
  }
}

function knowsConfigure(minor: number, onStep?: StepListener): boolean {
  const loop = openLoop(minor, true, onStep);
  if (loop < 0) return false;
  const config = encodeLoopConfig(NO_FILE, encodeLoopInfo('', true));
  const result = timed(onStep, 'LOOP_CONFIGURE without a file', () =>
    shim.ioctl(loop, LOOP_COMMANDS.CONFIGURE, config),
  );
  closeSync(loop);
  return describeErrno(-result).name === 'EBADF';
}
