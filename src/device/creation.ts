import type { DeviceNumber } from '../dm/device-number.js';
import { mangle } from '../dm/mangling.js';
import type { DeviceName, DeviceUuid } from '../dm/names.js';
import { FLAGS } from '../dm/protocol.js';
import { encodeTableLoad, findKeyPlaces, type KeyPlace, type Table } from '../dm/table.js';
import { type UdevRules, udevEvent } from '../dm/udev.js';
import { DmfdError } from '../errors.js';
import { Canceled } from '../kernel/cancellation.js';
import type { DmControl } from '../kernel/dm-control.js';
import { resultName } from '../kernel/errno.js';
import type { Kernel } from '../kernel/kernel.js';
import { numbersOf } from '../kernel/layout.js';
import { scratchName } from '../kernel/random.js';
import { shim } from '../kernel/shim.js';
import type { OpenKey } from '../key/key.js';
import type { Signature } from '../segment/ground.js';
import { CREATION_STEPS, type CreationStep, stepWords } from './steps.js';

export const MODES = ['auto', 'atomic', 'fallback'] as const;

/** Whether to ask the kernel for the descriptor, and whether to go on without its answer. */
export type Mode = (typeof MODES)[number];

/**
 * How the kernel got the key: by reference to a private keyring, which only the target crypt takes, or in the table itself, which
 * root can read back.
 */
export type KeyGiven = 'keyring' | 'table';

/** The work of the shielded section. */
export interface Creation {
  readonly name: DeviceName;
  readonly uuid: DeviceUuid;
  readonly table: Table;
  readonly readOnly: boolean;
  readonly mode: Mode;
  readonly udev: UdevRules;
  readonly key: OpenKey | undefined;
  /** The crypt target of this kernel takes a key from a keyring. */
  readonly keyringAllowed: boolean;
  /** The signature, which the table names as a key of type `user`. */
  readonly signature?: Signature | undefined;
}

/** Its result. */
export interface CreationResult {
  /** 0, or a negative errno; then nothing of the device is left. */
  readonly result: number;
  /** The step that failed. */
  readonly failedStep: CreationStep | undefined;
  readonly fd: number;
  /** The kernel returned the descriptor itself. */
  readonly fromKernel: boolean;
  readonly dev: DeviceNumber;
  /** 0 where the kernel has no disk sequence numbers (before 5.15). */
  readonly diskseq: bigint;
  /** Bytes. */
  readonly size: bigint;
  /** The value at offset 36 after the flagged call; all ones when the kernel left it alone. */
  readonly answer: number;
  /** undefined without a key. */
  readonly keyGiven: KeyGiven | undefined;
  readonly trace: readonly TraceEntry[];
}

export interface TraceEntry {
  readonly step: CreationStep;
  /** Negative for an errno. */
  readonly result: number;
  readonly nanoseconds: number;
}

const creationAt = numbersOf('creation', [
  'bytes',
  'control',
  'mode',
  'read_only',
  'udev_event',
  'name',
  'uuid',
  'scratch',
  'key_source',
  'key_size',
  'key_fd',
  'key_place_count',
  'keyring_allowed',
  'cancel_fd',
  'signature_size',
  'signature_name',
  'fd',
  'failed_step',
  'from_kernel',
  'major',
  'minor',
  'diskseq',
  'size',
  'answer',
  'key_given',
  'trace_count',
  'trace',
]);
const traceAt = numbersOf('trace_entry', ['bytes', 'step', 'result', 'nanoseconds']);
const placeAt = numbersOf('key_place', ['bytes', 'target_at', 'at', 'is_crypt']);
const modes = numbersOf('mode', MODES);
const steps = numbersOf('step', CREATION_STEPS);
const keySources = numbersOf('key_source', ['random', 'descriptor']);
const keyGivens = numbersOf('key_given', ['keyring', 'table']);

/**
 * Creates, loads, opens, proves, marks for removal and resumes a device, in the shield.
 *
 * @throws Canceled while the key was waited for; then nothing is left
 */
export function createShielded(kernel: Kernel, dm: DmControl, creation: Creation): CreationResult {
  const keyPlaces = creation.key === undefined ? [] : findKeyPlaces(creation.table);
  const buffer = encodeCreation(kernel, dm, creation, keyPlaces.length);
  const result = shim.create(
    buffer,
    encodeTable(creation),
    encodeKeyPlaces(keyPlaces),
    creation.signature?.bytes ?? NO_BYTES,
  );
  const outcome = decodeCreation(buffer, result);
  for (const { step, result, nanoseconds } of outcome.trace) {
    kernel.tell({ what: stepWords(step), result: resultName(result), nanoseconds });
  }
  if (resultName(result) === 'ECANCELED') throw new Canceled();
  return outcome;
}

/** There is always something to point to. */
const NO_BYTES = Buffer.alloc(1);

function encodeCreation(kernel: Kernel, dm: DmControl, creation: Creation, keyPlaceCount: number): Buffer {
  const at = creationAt();
  const buffer = Buffer.alloc(at.bytes);
  buffer.writeInt32LE(dm.fd, at.control);
  buffer.writeUInt32LE(modes()[creation.mode], at.mode);
  buffer.writeUInt32LE(creation.readOnly ? 1 : 0, at.read_only);
  buffer.writeUInt32LE(udevEvent(creation.udev), at.udev_event);
  buffer.write(mangle(creation.name), at.name);
  buffer.write(mangle(creation.uuid), at.uuid);
  scratchName().copy(buffer, at.scratch);
  buffer.writeInt32LE(kernel.cancellation?.event ?? -1, at.cancel_fd);
  if (creation.signature !== undefined) {
    buffer.writeUInt32LE(creation.signature.bytes.length, at.signature_size);
    buffer.write(creation.signature.name, at.signature_name);
  }
  if (creation.key === undefined) return buffer;
  const { source } = creation.key;
  if ('fd' in source) {
    buffer.writeUInt32LE(keySources().descriptor, at.key_source);
    buffer.writeInt32LE(source.fd, at.key_fd);
  } else {
    buffer.writeUInt32LE(keySources().random, at.key_source);
    buffer.writeUInt32LE(source.randomBytes, at.key_size);
  }
  buffer.writeUInt32LE(keyPlaceCount, at.key_place_count);
  buffer.writeUInt32LE(creation.keyringAllowed ? 1 : 0, at.keyring_allowed);
  return buffer;
}

/** The kernel wipes its copies of a request with DM_SECURE_DATA_FLAG. */
function encodeTable({ uuid, table, readOnly, key }: Creation): Buffer {
  const flags = (readOnly ? FLAGS.READONLY : 0) | (key === undefined ? 0 : FLAGS.SECURE_DATA);
  return encodeTableLoad({ uuid, flags }, table);
}

function encodeKeyPlaces(places: readonly KeyPlace[]): Buffer {
  const at = placeAt();
  const buffer = Buffer.alloc(at.bytes * Math.max(places.length, 1));
  for (const [index, place] of places.entries()) {
    buffer.writeUInt32LE(place.targetAt, index * at.bytes + at.target_at);
    buffer.writeUInt32LE(place.at, index * at.bytes + at.at);
    buffer.writeUInt32LE(place.isCrypt ? 1 : 0, index * at.bytes + at.is_crypt);
  }
  return buffer;
}

function decodeCreation(buffer: Buffer, result: number): CreationResult {
  const at = creationAt();
  const failedStep = buffer.readUInt32LE(at.failed_step);
  return {
    result,
    failedStep: failedStep === 0 ? undefined : stepOf(failedStep),
    fd: buffer.readInt32LE(at.fd),
    fromKernel: buffer.readUInt32LE(at.from_kernel) === 1,
    dev: { major: buffer.readUInt32LE(at.major), minor: buffer.readUInt32LE(at.minor) },
    diskseq: buffer.readBigUInt64LE(at.diskseq),
    size: buffer.readBigUInt64LE(at.size),
    answer: buffer.readUInt32LE(at.answer),
    keyGiven: decodeKeyGiven(buffer.readUInt32LE(at.key_given)),
    trace: decodeTrace(buffer),
  };
}

/** A key that stands in one target's table can be read there, wherever else it is hidden. */
function decodeKeyGiven(given: number): KeyGiven | undefined {
  if (given === 0) return undefined;
  return (given & keyGivens().table) === 0 ? 'keyring' : 'table';
}

function decodeTrace(buffer: Buffer): TraceEntry[] {
  const { trace_count, trace } = creationAt();
  const entry = traceAt();
  return Array.from({ length: buffer.readUInt32LE(trace_count) }, (_, index) => {
    const at = trace + index * entry.bytes;
    return {
      step: stepOf(buffer.readUInt32LE(at + entry.step)),
      result: buffer.readInt32LE(at + entry.result),
      nanoseconds: Number(buffer.readBigUInt64LE(at + entry.nanoseconds)),
    };
  });
}

function stepOf(number: number): CreationStep {
  const numbers = steps();
  const step = CREATION_STEPS.find((name) => numbers[name] === number);
  if (step === undefined) throw new DmfdError('shim-unusable', `the native shim knows a step ${number}`);
  return step;
}
