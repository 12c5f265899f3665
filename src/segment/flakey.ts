import type { Backing } from '../backing/request.js';
import { TYPES } from '../properties.js';
import { SEGMENT_TYPES, type SegmentCheck } from './check.js';
import type { Ground } from './ground.js';
import { type Part, part } from './part.js';
import type { FlakeyFeature, FlakeySegment } from './segment.js';

/** The kernel counts these in 32 bits. */
const MOST = 2 ** 32 - 1;
const SIMPLE = ['drop_writes', 'error_writes', 'error_reads'];

export function checkFlakey(segment: FlakeySegment, check: SegmentCheck): FlakeySegment<Backing> {
  const { backing, objects } = SEGMENT_TYPES;
  const { number } = TYPES;
  const own = check.properties(segment, { backing, up: number, down: number, features: objects }, [
    'backing',
    'up',
    'down',
  ]);
  check.count('up', segment.up, 0, MOST);
  check.count('down', segment.down, 0, MOST);
  if (segment.up + segment.down === 0) throw check.wrong('down', '0, as up is: one of them must be more');
  for (const [index, feature] of (segment.features ?? []).entries()) checkFeature(feature, index, check);
  if (segment.features?.includes('drop_writes') && segment.features.includes('error_writes'))
    throw check.wrong('features', 'both drop_writes and error_writes: a write has one end');
  return { ...own, backing: check.backing('backing', segment.backing) };
}

function checkFeature(feature: FlakeyFeature, index: number, check: SegmentCheck): void {
  const name = `features[${index}]`;
  if (typeof feature === 'string') {
    if (!SIMPLE.includes(feature))
      throw check.wrong(
        name,
        `${JSON.stringify(feature)}: it must be one of ${SIMPLE.join(', ')}, or an object`,
      );
    return;
  }
  check.count(`${name}.byte`, feature.byte ?? Number.NaN, 1, MOST);
  check.count(`${name}.value`, feature.value ?? Number.NaN, 0, 255);
  check.count(`${name}.flags`, feature.flags, 0, MOST);
  if (!['r', 'w'].includes(feature.direction))
    throw check.wrong(`${name}.direction`, `${JSON.stringify(feature.direction)}: it must be "r" or "w"`);
}

export function planFlakey(
  { backing, up, down, features = [] }: FlakeySegment<Backing>,
  ground: Ground,
): Part {
  const { device, start, sectors } = ground.place('flakey', backing);
  const words = features.flatMap(wordsOf);
  return part(
    'flakey',
    sectors,
    device,
    start,
    up,
    down,
    ...(words.length === 0 ? [] : [words.length, ...words]),
  );
}

function wordsOf(feature: FlakeyFeature): (string | number)[] {
  if (typeof feature === 'string') return [feature];
  return ['corrupt_bio_byte', feature.byte, feature.direction, feature.value, feature.flags ?? 0];
}
