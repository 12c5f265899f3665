import type { Device } from '../device/handle.js';
import { findHolders, stillHeldBy } from '../device/holders.js';
import { type Remains, waitGone } from '../device/wait-gone.js';
import { type DeviceNumber, formatDeviceNumber } from '../dm/device-number.js';
import { isAutoclear } from '../kernel/leaving.js';
import { say } from './output.js';
import { withProgress } from './progress.js';

/**
 * For `--wait-gone`: waits, and when the time is up names what is still there, and its holders.
 *
 * @returns what it says, a sentence for each thing that is left
 */
export async function awaitGone(device: Device, milliseconds: number, quiet: boolean): Promise<string[]> {
  const text = `waiting until ${device.name} is gone`;
  const left = describeRemains(device, await withProgress(text, quiet, waitGone(device, milliseconds)));
  if (!quiet) for (const sentence of left) say(sentence);
  return left;
}

/** While a device is there, it is what holds the layers and loop devices below it. */
function describeRemains(device: Device, remains: Remains): string[] {
  const highest = remains.device ? device : remains.below.at(-1);
  if (highest !== undefined) {
    const { name } = highest;
    return [
      `device ${name} (${formatDeviceNumber(highest)}) is still there, held by ${stillHeldBy(highest)}`,
    ];
  }
  return remains.loops.map(
    (loop) => `/dev/loop${loop.minor} (${loop.file}) is still attached, held by ${holdersOfLoop(loop)}`,
  );
}

/** Without a holder, its autoclear flag was switched off. */
function holdersOfLoop(loop: DeviceNumber): string {
  const stays = isAutoclear(loop.minor) === false;
  return stays && findHolders(loop).length === 0 ? 'nobody: "dmfd reap" detaches it' : stillHeldBy(loop);
}
