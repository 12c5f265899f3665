import type { Backing } from '../backing/request.js';
import { TYPES } from '../properties.js';
import { SEGMENT_TYPES, type SegmentCheck } from './check.js';
import type { Ground } from './ground.js';
import { type Part, part } from './part.js';
import type { DelaySegment } from './segment.js';

/** Milliseconds: a day. */
export const LONGEST_DELAY = 86_400_000;

export function checkDelay(segment: DelaySegment, check: SegmentCheck): DelaySegment<Backing> {
  const { backing } = SEGMENT_TYPES;
  const { number } = TYPES;
  const own = check.properties(segment, { backing, read: number, write: number, flush: number }, [
    'backing',
    'read',
  ]);
  for (const name of ['read', 'write', 'flush'] as const) check.count(name, segment[name], 0, LONGEST_DELAY);
  return { ...own, backing: check.backing('backing', segment.backing) };
}

/** With one delay alone the target would delay writes as well. */
export function planDelay(segment: DelaySegment<Backing>, ground: Ground): Part {
  const { device, start, sectors } = ground.place('delay', segment.backing);
  const { read, write = 0, flush } = segment;
  const flushed = flush === undefined ? [] : [device, start, flush];
  return part('delay', sectors, device, start, read, device, start, write, ...flushed);
}
