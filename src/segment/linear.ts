import type { Backing } from '../backing/request.js';
import { SEGMENT_TYPES, type SegmentCheck } from './check.js';
import type { Ground } from './ground.js';
import { type Part, part } from './part.js';
import type { LinearSegment } from './segment.js';

export function checkLinear(segment: LinearSegment, check: SegmentCheck): LinearSegment<Backing> {
  const own = check.properties(segment, { backing: SEGMENT_TYPES.backing }, ['backing']);
  return { ...own, backing: check.backing('backing', segment.backing) };
}

export function planLinear({ backing }: LinearSegment<Backing>, ground: Ground): Part {
  const { device, start, sectors } = ground.place('linear', backing);
  return part('linear', sectors, device, start);
}
