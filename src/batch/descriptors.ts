import type { CheckedLayer, CheckedRequest } from '../device/request.js';
import { DmfdError } from '../errors.js';
import { softDescriptorLimit } from '../kernel/descriptor-limit.js';
import { listIfThere } from '../kernel/pseudo-files.js';
import { backingsOf, type CheckedSegment } from '../segment/request.js';

/** The descriptors of a creation, beside its devices and their backings: controls, the kernel's log, nodes, files of /sys, a thread. */
const PASSING = 16;
/** For a backing, or a sparse file: the file and its loop device. */
const PER_BACKING = 2;

/** So many that are not counted: those that dmfd was given, and Node's own. Nearer than that to the limit, all are counted. */
const OTHERS = 256;

/** Tells beforehand when a device would need more descriptors than this process may have. */
export class DescriptorRoom {
  readonly #limit: number;

  /** @param limit how many it may have */
  constructor(limit = softDescriptorLimit() ?? Number.POSITIVE_INFINITY) {
    this.#limit = limit;
  }

  /**
   * @param held how many devices are held
   * @param inThreads how many are being made meanwhile, which may not have opened all of theirs
   * @throws DmfdError `system` with code `resource-limit`
   */
  expectRoom(request: CheckedRequest, held: number, inThreads = 0): void {
    const needed =
      PASSING + [...request.below, request].reduce((sum, layer) => sum + descriptorsOf(layer), 0);
    const expected = needed + inThreads * PASSING;
    if (held + expected + OTHERS <= this.#limit) return;
    const open = listIfThere('/proc/self/fd').length;
    if (open + expected <= this.#limit) return;
    throw new DmfdError(
      'resource-limit',
      `device ${request.name}: it takes up to ${needed} descriptors to make it, and of ${this.#limit} that this process may have, ${open} are in use`,
      {
        device: request.name,
        hint: 'let go of devices, or raise the hard limit (ulimit -Hn, LimitNOFILE= of a unit)',
      },
    );
  }
}

function descriptorsOf({ content, loop }: CheckedLayer): number {
  const backings =
    'segments' in content
      ? content.segments.reduce((sum, segment) => sum + filesOf(segment), 0)
      : loop.length;
  return 1 + PER_BACKING * backings;
}

function filesOf(segment: CheckedSegment): number {
  const hasSparse = segment.target === 'snapshot' && typeof segment.cow !== 'object';
  return backingsOf(segment).length + (hasSparse ? 1 : 0);
}
