import { TYPES } from '../properties.js';
import type { SegmentCheck } from './check.js';
import { type Part, part } from './part.js';
import type { PlainSegment } from './segment.js';

const SECTOR = 512n;

export function checkPlain(segment: PlainSegment, check: SegmentCheck): PlainSegment {
  const own = check.properties(segment, { size: TYPES.bigint }, ['size']);
  return { ...own, size: check.size('size', segment.size) };
}

export function planPlain({ target, size }: PlainSegment): Part {
  return part(target, size / SECTOR);
}
