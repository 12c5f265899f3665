import type { Backing } from '../backing/request.js';
import { refuseContent } from '../content/find.js';
import { TYPES } from '../properties.js';
import { SEGMENT_TYPES, type SegmentCheck } from './check.js';
import type { Ground, Place } from './ground.js';
import { type Part, part } from './part.js';
import type { SnapshotSegment } from './segment.js';

const SECTOR = 512n;
/** Sectors: what is copied at once. */
const CHUNK = 8n;

export function checkSnapshot(segment: SnapshotSegment, check: SegmentCheck): SnapshotSegment<Backing> {
  const { backing: one, backingOrSize } = SEGMENT_TYPES;
  const types = { base: one, cow: backingOrSize, force: TYPES.boolean };
  const own = check.properties(segment, types, ['base']);
  const { base, cow, ...same } = own;
  const checked = { ...same, base: check.backing('base', base) };
  if (cow === undefined) return checked;
  if (typeof cow === 'bigint') return { ...checked, cow: check.size('cow', cow) };
  const backing = check.backing('cow', cow);
  if (backing.readOnly) throw check.wrong('cow', 'read-only: it is where writes go');
  return { ...checked, cow: backing };
}

/** The target opens its origin for reading only. Not persistent: nothing but the data is written to the copy-on-write store. */
export function planSnapshot({ base, cow, force }: SnapshotSegment<Backing>, ground: Ground): Part {
  const origin = ground.place('overlay', base, { readOnly: true, fromStart: true });
  const chunks = (origin.sectors + CHUNK - 1n) / CHUNK;
  if (cow === undefined || typeof cow === 'bigint') {
    return partOf(origin, ground.sparse(cow ?? chunks * CHUNK * SECTOR));
  }
  const store = ground.place('cow', cow, { fromStart: true, toEnd: true, overwritten: true });
  if (!force) ground.look(() => refuseContent(store.subject, cow.path, ground.contentOf(store)));
  return partOf(origin, store.device);
}

/** @param store the device, as a table line names it */
function partOf(origin: Place, store: string): Part {
  return part('snapshot', origin.sectors, origin.device, store, 'N', CHUNK);
}
