import type { Kernel } from '../kernel/kernel.js';
import { statIfThere } from '../kernel/stat.js';
import { inUse, type SwapBacking } from './backing.js';
import { openDeviceBacking } from './device-backing.js';
import { openFileBacking } from './file-backing.js';
import { activeSwap } from './in-use.js';

/**
 * Opens it, to the exclusion of mounts, swap, devices on top and other runs of dmfd.
 *
 * @throws DmfdError `usage` for what cannot be swap, `taken` for what is in use, `privilege`
 */
export function openSwapBacking(kernel: Kernel, path: string, force: boolean): SwapBacking {
  const seen = statIfThere(path);
  const active = seen && activeSwap(seen);
  if (active !== undefined) {
    throw inUse(path, `it is swap already${active === path ? '' : `, as ${active}`}`, `swapoff ${active}`);
  }
  // The opener refuses what is neither, and what cannot be looked at.
  return seen?.isFile() ? openFileBacking(kernel, path, force) : openDeviceBacking(kernel, path, force);
}
