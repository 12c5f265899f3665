import { HEADER_SIZE } from '../dm/protocol.js';

/**
 * Where things stand in the shim's structs, in the order in which native-shims/layout.c states them. The shim is
 * asked for its own numbers when it is loaded: a stale library must not be given a buffer it would overrun.
 */
const CREATION_REQUESTS_AT = 64;
const CREATION_OUT_AT = CREATION_REQUESTS_AT + 4 * HEADER_SIZE;
const TRACE_MAX = 32;
const TRACE_ENTRY_SIZE = 16;

export const CREATION = {
  control: 0,
  mode: 4,
  readOnly: 8,
  keySource: 12,
  scratch: 16,
  keySize: 48,
  keyFd: 52,
  keyringAllowed: 56,
  create: CREATION_REQUESTS_AT,
  status: CREATION_REQUESTS_AT + HEADER_SIZE,
  remove: CREATION_REQUESTS_AT + 2 * HEADER_SIZE,
  resume: CREATION_REQUESTS_AT + 3 * HEADER_SIZE,
  fd: CREATION_OUT_AT,
  failedStep: CREATION_OUT_AT + 4,
  fromKernel: CREATION_OUT_AT + 8,
  diskseqProved: CREATION_OUT_AT + 12,
  dev: CREATION_OUT_AT + 16,
  diskseq: CREATION_OUT_AT + 24,
  size: CREATION_OUT_AT + 32,
  answer: CREATION_OUT_AT + 40,
  shieldsKilled: CREATION_OUT_AT + 48,
  traceCount: CREATION_OUT_AT + 52,
  keyGiven: CREATION_OUT_AT + 56,
  keyringError: CREATION_OUT_AT + 60,
  trace: CREATION_OUT_AT + 64,
  traceEntrySize: TRACE_ENTRY_SIZE,
  traceMax: TRACE_MAX,
  bytes: CREATION_OUT_AT + 64 + TRACE_MAX * TRACE_ENTRY_SIZE,
} as const;

export const SCRATCH_FIELD = 32;

export const CALLER = {
  known: 0,
  ignored: 8,
  blocked: 16,
  pending: 24,
  softDescriptors: 32,
  hardDescriptors: 40,
  bytes: 48,
} as const;

/** The caller's state comes first in it. */
export const COMMAND = {
  argc: CALLER.bytes,
  envc: CALLER.bytes + 4,
  stringsSize: CALLER.bytes + 8,
  descriptorCount: CALLER.bytes + 12,
  pidAt: CALLER.bytes + 16,
  exitCode: CALLER.bytes + 20,
  signal: CALLER.bytes + 24,
  reachedExecve: CALLER.bytes + 28,
  bytes: CALLER.bytes + 32,
} as const;

/** Source and target of one descriptor. */
export const DESCRIPTOR_BYTES = 8;
export const NOT_PASSED = -1;

/** Room for a pid's digits and a NUL. */
export const PID_ROOM = 11;

/** The same numbers that dmfd_layout() gives, in its order. */
export const EXPECTED_LAYOUT: readonly number[] = [
  CREATION.bytes,
  CREATION.mode,
  CREATION.readOnly,
  CREATION.keySource,
  CREATION.scratch,
  CREATION.keySize,
  CREATION.keyFd,
  CREATION.keyringAllowed,
  CREATION.create,
  CREATION.status,
  CREATION.remove,
  CREATION.resume,
  CREATION.fd,
  CREATION.failedStep,
  CREATION.fromKernel,
  CREATION.diskseqProved,
  CREATION.dev,
  CREATION.diskseq,
  CREATION.size,
  CREATION.answer,
  CREATION.shieldsKilled,
  CREATION.traceCount,
  CREATION.keyGiven,
  CREATION.keyringError,
  CREATION.trace,
  CREATION.traceEntrySize,
  CREATION.traceMax,
  CALLER.bytes,
  CALLER.ignored,
  CALLER.blocked,
  CALLER.pending,
  CALLER.softDescriptors,
  CALLER.hardDescriptors,
  COMMAND.bytes,
  COMMAND.argc,
  COMMAND.envc,
  COMMAND.stringsSize,
  COMMAND.descriptorCount,
  COMMAND.pidAt,
  COMMAND.exitCode,
  COMMAND.signal,
  COMMAND.reachedExecve,
  DESCRIPTOR_BYTES,
  PID_ROOM,
];
