import type { CreationRequests } from '../dm/creation.js';
import { type DeviceNumber, decodeLibcDevice } from '../dm/device-number.js';
import { CREATION, SCRATCH_FIELD } from './layout.js';
import { scratchName } from './scratch.js';
import { shim } from './shim.js';
import { describeResult, nameStep, SHIM_STEPS, type StepListener } from './steps.js';

/** Whether to ask the kernel for the descriptor, and to be content without. */
export type Mode = 'auto' | 'atomic' | 'fallback';

const MODES: Readonly<Record<Mode, number>> = { auto: 0, atomic: 1, fallback: 2 };

/** The key that stands for `{key}` in the table: random bytes, or all that a descriptor has to read. */
export interface KeyOrder {
  readonly source: { readonly randomBytes: number } | { readonly fd: number };
  /** The crypt target of this kernel takes a key from a keyring. */
  readonly keyringAllowed: boolean;
}

/** How the kernel got the key: by reference to a private keyring, or in the table itself, which root can read back. */
export type KeyGiven = 'keyring' | 'table';

/** The longest key, in bytes; DMFD_KEY_MAX in native-shims/dmfd.h. */
export const MAX_KEY_BYTES = 4096;

const KEY_RANDOM = 1;
const KEY_DESCRIPTOR = 2;
const KEY_IN_TABLE = 2;

/** What the shielded section came to. */
export interface CreationResult {
  /** 0, or a negative errno; then nothing of the device is left. */
  readonly result: number;
  /** The step that failed, as in {@link SHIM_STEPS}. */
  readonly failedStep: number;
  readonly fd: number;
  /** The kernel returned the descriptor itself. */
  readonly fromKernel: boolean;
  readonly dev: DeviceNumber;
  /** 0 where the kernel has no disk sequence numbers (before 5.15). */
  readonly diskseq: bigint;
  readonly diskseqProved: boolean;
  /** Bytes. */
  readonly size: bigint;
  /** A negative errno when a failed creation could not be taken back: then the device is left. */
  readonly rollback: number;
  /** What stood at offset 36 after the flagged call; all ones when the kernel left it alone. */
  readonly answer: number;
  /** undefined without a key. */
  readonly keyGiven: KeyGiven | undefined;
}

/** Creates, loads, opens, proves, dooms and resumes a device in the shield. */
export function createShielded(
  control: number,
  mode: Mode,
  readOnly: boolean,
  requests: CreationRequests,
  onStep?: StepListener,
  key?: KeyOrder,
): CreationResult {
  const creation = Buffer.alloc(CREATION.bytes);
  creation.writeInt32LE(control, CREATION.control);
  creation.writeUInt32LE(MODES[mode], CREATION.mode);
  creation.writeUInt32LE(readOnly ? 1 : 0, CREATION.readOnly);
  scratchName().copy(creation, CREATION.scratch, 0, SCRATCH_FIELD);
  requests.create.copy(creation, CREATION.create);
  requests.status.copy(creation, CREATION.status);
  requests.remove.copy(creation, CREATION.remove);
  requests.resume.copy(creation, CREATION.resume);
  if (key !== undefined) writeKeyOrder(creation, key);
  const result = shim.create(creation, requests.load);
  const trace = decodeTrace(creation);
  for (const { step, result, nanoseconds } of trace) {
    onStep?.({ what: nameStep(step), result: describeResult(result), nanoseconds });
  }
  const rollback = trace.findLast(({ step }) => step === SHIM_STEPS.ROLLBACK)?.result ?? 0;
  return { ...decode(creation, result), rollback };
}

function writeKeyOrder(creation: Buffer, { source, keyringAllowed }: KeyOrder): void {
  if ('fd' in source) {
    creation.writeUInt32LE(KEY_DESCRIPTOR, CREATION.keySource);
    creation.writeInt32LE(source.fd, CREATION.keyFd);
  } else {
    creation.writeUInt32LE(KEY_RANDOM, CREATION.keySource);
    creation.writeUInt32LE(source.randomBytes, CREATION.keySize);
  }
  creation.writeUInt32LE(keyringAllowed ? 1 : 0, CREATION.keyringAllowed);
}

/** A key that stands in one target's table can be read there, wherever else it is hidden. */
function decodeKeyGiven(creation: Buffer): KeyGiven | undefined {
  const given = creation.readUInt32LE(CREATION.keyGiven);
  if (given === 0) return undefined;
  return (given & KEY_IN_TABLE) === 0 ? 'keyring' : 'table';
}

function decode(creation: Buffer, result: number): Omit<CreationResult, 'rollback'> {
  return {
    result,
    failedStep: creation.readUInt32LE(CREATION.failedStep),
    fd: creation.readInt32LE(CREATION.fd),
    fromKernel: creation.readUInt32LE(CREATION.fromKernel) === 1,
    dev: decodeLibcDevice(creation.readBigUInt64LE(CREATION.dev)),
    diskseq: creation.readBigUInt64LE(CREATION.diskseq),
    diskseqProved: creation.readUInt32LE(CREATION.diskseqProved) === 1,
    size: creation.readBigUInt64LE(CREATION.size),
    answer: creation.readUInt32LE(CREATION.answer),
    keyGiven: decodeKeyGiven(creation),
  };
}

interface TraceEntry {
  readonly step: number;
  readonly result: number;
  readonly nanoseconds: number;
}

function decodeTrace(creation: Buffer): TraceEntry[] {
  return Array.from({ length: creation.readUInt32LE(CREATION.traceCount) }, (_, index) => {
    const at = CREATION.trace + index * CREATION.traceEntrySize;
    return {
      step: creation.readUInt32LE(at),
      result: creation.readInt32LE(at + 4),
      nanoseconds: Number(creation.readBigUInt64LE(at + 8)),
    };
  });
}
