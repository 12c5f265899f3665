import type { BigIntStats } from 'node:fs';
import type { Kernel } from '../kernel/kernel.js';
import { isLeaving, isLoopLeaving, retryWhileLeaving } from '../kernel/leaving.js';
import { listIfThere } from '../kernel/pseudo-files.js';
import { type AttachedLoop, loopsOf } from './attached.js';

/**
 * The block devices that are on one that is to be written over, whatever claims it: all devices of device-mapper's share one
 * exclusive claim, and loop devices have none. What is about to leave is waited for.
 *
 * To be asked before what is there is looked at, and again when our own device is on it: another may have come meanwhile. Of two of
 * dmfd's that come at once no more than one stays then.
 *
 * @param device MAJ:MIN
 * @param stats of its node; undefined for a loop device of ours, whose file nothing else has
 * @param own the names of our own that are on it, as in /dev, when they are
 * @returns their paths
 */
export function othersOn(
  kernel: Kernel,
  device: string,
  stats: BigIntStats | undefined,
  own?: readonly string[],
): string[] {
  const isOther = (name: string): boolean => own?.includes(name) !== true;
  let mapped: string[] = [];
  let loops: AttachedLoop[] = [];
  const attempt = (): boolean => {
    mapped = listIfThere(`/sys/dev/block/${device}/holders`).filter(isOther);
    loops = stats === undefined ? [] : loopsOf(kernel, stats).filter(({ minor }) => isOther(`loop${minor}`));
    return mapped.length + loops.length === 0;
  };
  // Two that wait for each other would both give up later, and no sooner.
  const isGoing = (): boolean =>
    (mapped.length === 0 || (own === undefined && isLeaving(device))) &&
    loops.every(({ minor }) => isLoopLeaving(minor));
  retryWhileLeaving(kernel, attempt, isGoing);
  return [...mapped, ...loops.map(({ minor }) => `loop${minor}`)].map((name) => `/dev/${name}`);
}
