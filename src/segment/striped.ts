import type { Backing } from '../backing/request.js';
import { DmfdError } from '../errors.js';
import { TYPES } from '../properties.js';
import { SEGMENT_TYPES, type SegmentCheck } from './check.js';
import type { Ground } from './ground.js';
import { type Part, part } from './part.js';
import type { StripedSegment } from './segment.js';

const SECTOR = 512n;
/** Bytes, as lvcreate(8) has it. */
const DEFAULT_CHUNK = 65_536n;

export function checkStriped(segment: StripedSegment, check: SegmentCheck): StripedSegment<Backing> {
  const own = check.properties(segment, { backings: SEGMENT_TYPES.backings, chunk: TYPES.bigint }, [
    'backings',
  ]);
  return {
    ...own,
    backings: segment.backings.map((backing, index) => check.backing(`backings[${index}]`, backing)),
    chunk: check.size('chunk', segment.chunk ?? DEFAULT_CHUNK),
  };
}

export function planStriped(
  { backings, chunk = DEFAULT_CHUNK }: StripedSegment<Backing>,
  ground: Ground,
): Part {
  const places = backings.map((backing) => ground.place('striped', backing));
  const piece = chunk / SECTOR;
  const each = leastOf(places.map(({ sectors }) => sectors - (sectors % piece)));
  for (const { subject, sectors } of places) {
    if (sectors < piece)
      throw new DmfdError(
        'area-unusable',
        `${subject}: ${sectors * SECTOR} bytes, less than one chunk of ${chunk}`,
      );
    if (sectors - each >= piece)
      ground.warn(`${subject}: only its first ${each * SECTOR} bytes are used; another stripe is shorter`);
  }
  const words = places.flatMap(({ device, start }) => [device, start]);
  return part('striped', each * BigInt(places.length), places.length, piece, ...words);
}

function leastOf([first = 0n, ...others]: readonly bigint[]): bigint {
  let least = first;
  for (const other of others) if (other < least) least = other;
  return least;
}
