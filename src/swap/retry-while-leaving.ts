import type { Kernel } from '../kernel/kernel.js';

/** Milliseconds: longer than udev's workers look at a device. */
const LEAVING = 5000;
/** What leaves is seen half gone: its name already, its claim or its lock not yet. */
const SETTLING = 300;
const PAUSE = 20;

/**
 * Tries until it works, as long as what is in the way is about to leave by itself.
 *
 * @returns whether it worked
 */
export function retryWhileLeaving(
  kernel: Kernel,
  attempt: () => boolean,
  isObstacleLeaving: () => boolean,
): boolean {
  const start = performance.now();
  let limit = start + SETTLING;
  while (!attempt()) {
    const now = performance.now();
    if (isObstacleLeaving() && now - start < LEAVING) limit = now + SETTLING;
    if (now > limit) return false;
    kernel.pause(PAUSE);
  }
  return true;
}
