import { numbersOf } from '../kernel/layout.js';

/** A descriptor of dmfd's own, and the number under which the command gets it. */
export interface OwnDescriptor {
  readonly source: number;
  readonly target: number;
}

/** The descriptors of a command: the caller's as they are, and ours. */
export interface DescriptorPlan {
  /** The caller's, but those that ours replace or that only dmfd was to have. */
  readonly passed: readonly number[];
  readonly own: readonly OwnDescriptor[];
  /** The caller's that only dmfd was to have. */
  readonly withheld: readonly number[];
}

const descriptorAt = numbersOf('descriptor', ['bytes', 'source', 'target']);
const constants = numbersOf('constant', ['not_passed']);

/** `given`: the caller's descriptors. */
export function planDescriptors(
  given: readonly number[],
  own: readonly OwnDescriptor[],
  withheld: readonly number[],
): DescriptorPlan {
  const targets = own.map(({ target }) => target);
  return { passed: given.filter((fd) => !targets.includes(fd) && !withheld.includes(fd)), own, withheld };
}

/** The lowest number from 3 on that is not taken. */
export function lowestFree(taken: readonly number[]): number {
  const all = new Set(taken);
  let fd = 3;
  while (all.has(fd)) fd++;
  return fd;
}

/** As the shim wants it. */
export function encodeDescriptors({ passed, own, withheld }: DescriptorPlan): {
  count: number;
  bytes: Buffer;
} {
  const entries = [
    ...passed.map((fd) => ({ source: fd, target: fd })),
    ...own,
    ...withheld.map((fd) => ({ source: fd, target: constants().not_passed })),
  ];
  const at = descriptorAt();
  const bytes = Buffer.alloc(at.bytes * Math.max(entries.length, 1));
  for (const [index, { source, target }] of entries.entries()) {
    bytes.writeInt32LE(source, index * at.bytes + at.source);
    bytes.writeInt32LE(target, index * at.bytes + at.target);
  }
  return { count: entries.length, bytes };
}
