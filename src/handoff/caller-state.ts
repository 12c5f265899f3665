import { CALLER } from '../kernel/layout.js';
import { shim } from '../kernel/shim.js';

/** What the launcher noted of the caller before Node changed it. */
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
}

/** The variable that native-shims/launcher leaves; no command gets to see it. */
export const CALLER_VARIABLE = 'DMFD_CALLER';

/** undefined when Node was not started by the launcher, but as `node bin/dmfd.js`. */
export function callerState(): CallerState | undefined {
  return parseCallerState(process.env[CALLER_VARIABLE] ?? '', process.pid);
}

/** undefined too for what another process's launcher noted. */
export function parseCallerState(text: string, pid: number): CallerState | undefined {
  const [, noter, ignored, blocked, pending, soft, hard, ranges] = FORMAT.exec(text) ?? [];
  if (noter !== String(pid)) return undefined;
  return {
    ignored: BigInt(`0x${ignored}`),
    blocked: BigInt(`0x${blocked}`),
    pending: BigInt(`0x${pending}`),
    softDescriptors: BigInt(soft ?? 0),
    hardDescriptors: BigInt(hard ?? 0),
    descriptors: parseRanges(ranges ?? ''),
  };
}

const FORMAT =
  /^pid=(\d+);ignored=([0-9a-f]+);blocked=([0-9a-f]+);pending=([0-9a-f]+);nofile=(\d+):(\d+);fds=([\d,-]*)$/;

function parseRanges(text: string): number[] {
  const ranges = text.split(',').filter((range) => range !== '');
  return ranges.flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}

/** Whether the caller ignores a signal; without a launcher, nobody knows. */
export function isIgnored(state: CallerState | undefined, signal: number): boolean {
  return state !== undefined && ((state.ignored >> BigInt(signal - 1)) & 1n) === 1n;
}

/** As the shim wants it. */
export function encodeCallerState(state: CallerState | undefined): Buffer {
  const caller = Buffer.alloc(CALLER.bytes);
  if (state === undefined) return caller;
  caller.writeUInt32LE(1, CALLER.known);
  caller.writeBigUInt64LE(state.ignored, CALLER.ignored);
  caller.writeBigUInt64LE(state.blocked, CALLER.blocked);
  caller.writeBigUInt64LE(state.pending, CALLER.pending);
  caller.writeBigUInt64LE(state.softDescriptors, CALLER.softDescriptors);
  caller.writeBigUInt64LE(state.hardDescriptors, CALLER.hardDescriptors);
  return caller;
}

/** Ignores and blocks again, in this process, what Node no longer did when it had started. */
export function adoptCaller(state: CallerState | undefined): void {
  if (state !== undefined) shim.adoptCaller(encodeCallerState(state));
}
