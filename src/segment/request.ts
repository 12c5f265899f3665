import type { Backing } from '../backing/request.js';
import { DmfdError } from '../errors.js';
import { isObject } from '../properties.js';
import { SegmentCheck } from './check.js';
import { checkCrypt } from './crypt.js';
import { checkDelay } from './delay.js';
import { checkFlakey } from './flakey.js';
import { checkIntegrity } from './integrity.js';
import { checkLinear } from './linear.js';
import { checkPlain } from './plain.js';
import type { Segment } from './segment.js';
import { checkSnapshot } from './snapshot.js';
import { checkStriped } from './striped.js';
import { checkVerity } from './verity.js';

/** A segment with its backings as objects: from here on only they and the kernel can refuse it. */
export type CheckedSegment = Segment<Backing>;

const TARGETS = [
  'linear',
  'striped',
  'zero',
  'error',
  'delay',
  'flakey',
  'snapshot',
  'crypt',
  'integrity',
  'verity',
] as const satisfies readonly Segment['target'][];

/** @throws DmfdError `usage` that names the property */
export function checkSegments(segments: readonly Segment[]): CheckedSegment[] {
  if (segments.length === 0)
    throw new DmfdError('invalid-request', 'property segments is empty: a device has at least one');
  return segments.map((segment, index) => checkSegment(segment, new SegmentCheck(`segments[${index}]`)));
}

function checkSegment(segment: Segment, check: SegmentCheck): CheckedSegment {
  check.target(segment, TARGETS);
  switch (segment.target) {
    case 'linear':
      return checkLinear(segment, check);
    case 'striped':
      return checkStriped(segment, check);
    case 'zero':
    case 'error':
      return checkPlain(segment, check);
    case 'delay':
      return checkDelay(segment, check);
    case 'flakey':
      return checkFlakey(segment, check);
    case 'snapshot':
      return checkSnapshot(segment, check);
    case 'crypt':
      return checkCrypt(segment, check);
    case 'integrity':
      return checkIntegrity(segment, check);
    case 'verity':
      return checkVerity(segment, check);
  }
}

/** A device is read-only where one of its parts is; what an overlay stands on is no part of it. */
export function hasReadOnlyPart(
  segments: readonly CheckedSegment[],
  isReadOnly: (backing: Backing) => boolean,
): boolean {
  return segments.some((segment) => {
    if (segment.target === 'verity') return true;
    if (segment.target === 'striped') return segment.backings.some(isReadOnly);
    return 'backing' in segment && isReadOnly(segment.backing);
  });
}

/** All that a segment lies on. */
export function backingsOf(segment: CheckedSegment): Backing[] {
  const values: unknown[] = Object.values(segment).flat();
  return values.filter((value): value is Backing => isObject(value) && typeof value.path === 'string');
}

/** The cipher that the key is for; undefined where no segment wants one. */
export function cipherOf(segments: readonly CheckedSegment[]): string | undefined {
  return segments.find((segment) => segment.target === 'crypt')?.cipher;
}
