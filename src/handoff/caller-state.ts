import { numbersOf } from '../kernel/layout.js';
import { shim } from '../kernel/shim.js';

/** The launcher's record of the caller's state, before Node changed it. */
export interface CallerState {
  /** Ignored signals, bit 0 for signal 1. */
  readonly ignored: bigint;
  /** The signal mask, likewise. */
  readonly blocked: bigint;
  /** Blocked signals that had come already. */
  readonly pending: bigint;
  /** RLIMIT_NOFILE. */
  readonly softDescriptors: bigint;
  readonly hardDescriptors: bigint;
  /** The open descriptors, ascending. */
  readonly descriptors: readonly number[];
  /** The launcher's own file. */
  readonly launcher: string;
}

/** The variable that native-shims/launcher leaves; no command gets to see it. */
export const CALLER_VARIABLE = 'DMFD_CALLER';

/** undefined too for what another process's launcher noted. */
export function parseCallerState(text: string, pid: number): CallerState | undefined {
  const [, noter, ignored, blocked, pending, soft, hard, ranges, launcher = ''] = FORMAT.exec(text) ?? [];
  if (noter !== String(pid)) return undefined;
  return {
    ignored: BigInt(`0x${ignored}`),
    blocked: BigInt(`0x${blocked}`),
    pending: BigInt(`0x${pending}`),
    softDescriptors: BigInt(soft ?? 0),
    hardDescriptors: BigInt(hard ?? 0),
    descriptors: parseRanges(ranges ?? ''),
    launcher,
  };
}

const FORMAT =
  /^pid=(\d+);ignored=([0-9a-f]+);blocked=([0-9a-f]+);pending=([0-9a-f]+);nofile=(\d+):(\d+);fds=([\d,-]*);launcher=(.*)$/s;

function parseRanges(text: string): number[] {
  const ranges = text.split(',').filter((range) => range !== '');
  return ranges.flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}

/** Whether the caller ignores a signal; without a launcher, that is unknown. */
export function isIgnored(state: CallerState | undefined, signal: number): boolean {
  return state !== undefined && ((state.ignored >> BigInt(signal - 1)) & 1n) === 1n;
}

const callerAt = numbersOf('caller', [
  'bytes',
  'known',
  'ignored',
  'blocked',
  'pending',
  'soft_descriptors',
  'hard_descriptors',
]);

/** As the shim wants it. */
export function encodeCallerState(state: CallerState | undefined): Buffer {
  const at = callerAt();
  const caller = Buffer.alloc(at.bytes);
  if (state === undefined) return caller;
  caller.writeUInt32LE(1, at.known);
  caller.writeBigUInt64LE(state.ignored, at.ignored);
  caller.writeBigUInt64LE(state.blocked, at.blocked);
  caller.writeBigUInt64LE(state.pending, at.pending);
  caller.writeBigUInt64LE(state.softDescriptors, at.soft_descriptors);
  caller.writeBigUInt64LE(state.hardDescriptors, at.hard_descriptors);
  return caller;
}

/** Ignores and blocks again, in this process, what Node no longer did when it had started. */
export function adoptCaller(state: CallerState | undefined): void {
  if (state !== undefined) shim.adoptCaller(encodeCallerState(state));
}
