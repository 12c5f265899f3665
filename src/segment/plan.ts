import { parseTable, type Table } from '../dm/table.js';
import { planCrypt } from './crypt.js';
import { planDelay } from './delay.js';
import { planFlakey } from './flakey.js';
import type { Ground } from './ground.js';
import { planIntegrity } from './integrity.js';
import { planLinear } from './linear.js';
import type { Part } from './part.js';
import { planPlain } from './plain.js';
import type { CheckedSegment } from './request.js';
import { planSnapshot } from './snapshot.js';
import { planStriped } from './striped.js';
import { planVerity } from './verity.js';

/** The table of segments that follow each other, with `{loopN}` for loop devices. @throws DmfdError `usage` */
export function planSegments(segments: readonly CheckedSegment[], ground: Ground): Table {
  return tableOfParts(segments.map((segment) => planSegment(segment, ground)));
}

/** Parts that follow each other. */
export function tableOfParts(parts: readonly Part[]): Table {
  let start = 0n;
  const lines = parts.map(({ length, target, params }) => {
    const line = `${start} ${length} ${target} ${params}`;
    start += length;
    return line;
  });
  return parseTable([{ label: 'the table', text: lines.join('\n') }]);
}

function planSegment(segment: CheckedSegment, ground: Ground): Part {
  switch (segment.target) {
    case 'linear':
      return planLinear(segment, ground);
    case 'striped':
      return planStriped(segment, ground);
    case 'zero':
    case 'error':
      return planPlain(segment);
    case 'delay':
      return planDelay(segment, ground);
    case 'flakey':
      return planFlakey(segment, ground);
    case 'snapshot':
      return planSnapshot(segment, ground);
    case 'crypt':
      return planCrypt(segment, ground);
    case 'integrity':
      return planIntegrity(segment, ground);
    case 'verity':
      return planVerity(segment, ground);
  }
}
