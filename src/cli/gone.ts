import { waitGone } from '../device/gone.js';
import type { Device } from '../device/handle.js';
import { findHolders } from '../device/holders.js';
import { formatDeviceNumber } from '../dm/device-number.js';
import { say } from './output.js';
import { withProgress } from './progress.js';

/** For `--wait-gone`: waits, and when the time is up says what is still there and who holds it. */
export async function awaitGone(device: Device, milliseconds: number, quiet: boolean): Promise<void> {
  const text = `waiting until ${device.name} is gone`;
  const remains = await withProgress(text, quiet, waitGone(device, milliseconds));
  if (quiet) return;
  if (remains.device) {
    const holders = findHolders(device);
    const who = holders.length === 0 ? 'a holder that /proc does not show' : holders.join(', ');
    say(`dmfd: device ${device.name} (${formatDeviceNumber(device)}) is still there, held by ${who}`);
  }
  for (const loop of remains.device ? [] : remains.loops) {
    const holders = findHolders(loop);
    const who = holders.length === 0 ? 'a holder that /proc does not show' : holders.join(', ');
    say(`dmfd: /dev/loop${loop.minor} (${loop.file}) is still attached, held by ${who}`);
  }
}
