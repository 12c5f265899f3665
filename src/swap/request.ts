import { checkPartition } from '../backing/request.js';
import { MODES, type Mode } from '../device/creation.js';
import { type DeviceName, parseDeviceName } from '../dm/names.js';
import { DmfdError } from '../errors.js';
import { randomHex, randomUuid } from '../kernel/random.js';
import type { StepListener } from '../kernel/step.js';
import { checkKeyBits } from '../key/key.js';
import { checkProperties, oneOf, TYPES } from '../properties.js';
import { CIPHER_HINT, DEFAULT_CIPHER, defaultKeyBits, isCipherWord } from '../segment/crypt.js';

const DISCARDS = ['both', 'once', 'pages'] as const;

/** When freed pages are discarded on the backing: once for all of it at swapon, page by page, or both. */
export type Discard = (typeof DISCARDS)[number];

/** The swap to make. */
export interface SwapRequest {
  /**
   * A block device, or a regular file, which gets a loop device that detaches by itself; or a tag of a block device, `LABEL=…`,
   * `UUID=…`, `PARTLABEL=…` or `PARTUUID=…`.
   */
  readonly backing: string;
  /** A partition's number, or else its label or PARTUUID; the offset counts from its start. */
  readonly partition?: number | string;
  /** The device's name in device-mapper. Default: `dmfd-swap-` and 8 hex digits. */
  readonly name?: string;
  /** In dm-crypt's notation. Default: `aes-xts-plain64`. */
  readonly cipher?: string;
  /** Bits. Default: 512 for a cipher in XTS mode, which uses half of them for each of its two keys; else 256. */
  readonly keySize?: number;
  /** Bytes of an encryption sector, 512 (default) or 4096. */
  readonly sectorSize?: number;
  /** 0 to 32767; areas with a higher priority are used first. Default: the kernel's choice. */
  readonly priority?: number;
  /** Default: never. Discards show on the backing which pages are in use; in a file, they make holes, which takes `force`. */
  readonly discard?: Discard;
  /** In the swap header, at most 15 bytes. */
  readonly label?: string;
  /** In the swap header. Default: a random one. */
  readonly uuid?: string;
  /**
   * The start on the backing, in sectors of 512 bytes: whole encryption sectors (`sectorSize`), and whole blocks of the backing.
   * Default: 0.
   */
  readonly offset?: bigint;
  /** The length in sectors of 512 bytes: whole pages of memory, of 4096 bytes on x86-64. Default: all the rest. */
  readonly size?: bigint;
  /**
   * Overwrite a file system, a partition table and the like; use a file that others than root may write to, that is copied on write, or
   * that is in a file system of FUSE, NFS and the like; discard blocks of a file. What is in use is refused all the same.
   */
  readonly force?: boolean;
  readonly noReadWorkqueue?: boolean;
  readonly noWriteWorkqueue?: boolean;
  /** As for a device. */
  readonly mode?: Mode;
  /** Gets each step: a request to the kernel about a device, with its answer. Opening and reading files is not told. */
  readonly onStep?: StepListener;
}

/** The properties that stay undefined when they were not given. */
type Optional = 'priority' | 'discard' | 'size' | 'partition';

/** A validated request, with defaults filled in: from here on only backing and kernel can refuse it. */
export type CheckedSwap = Required<Omit<SwapRequest, Optional | 'name' | 'onStep'>> & {
  readonly name: DeviceName;
} & {
  readonly [Name in Optional]: SwapRequest[Name];
};

const PROPERTIES = {
  backing: TYPES.string,
  partition: TYPES.partition,
  name: TYPES.string,
  cipher: TYPES.string,
  keySize: TYPES.number,
  sectorSize: TYPES.number,
  priority: TYPES.number,
  discard: oneOf(DISCARDS),
  label: TYPES.string,
  uuid: TYPES.string,
  offset: TYPES.bigint,
  size: TYPES.bigint,
  force: TYPES.boolean,
  noReadWorkqueue: TYPES.boolean,
  noWriteWorkqueue: TYPES.boolean,
  mode: oneOf(MODES),
  onStep: TYPES.function,
} satisfies Record<keyof SwapRequest, unknown>;

/** `struct swap_header` has 16; the last one is a NUL, as mkswap has it. */
const LABEL_BYTES = 15;
const MAX_PRIORITY = 32_767;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** @throws DmfdError `usage` that says what is wrong with it */
export function checkSwapRequest(request: SwapRequest): CheckedSwap {
  checkProperties(request, PROPERTIES, ['backing']);
  const cipher = checkCipher(request.cipher ?? DEFAULT_CIPHER);
  const keySize = request.keySize ?? defaultKeyBits(cipher);
  checkKeyBits(keySize, 'key size');
  const sectorSize = request.sectorSize ?? 512;
  if (sectorSize !== 512 && sectorSize !== 4096)
    throw invalid(`sector size ${sectorSize}: it must be 512 or 4096`);
  checkPriority(request.priority);
  checkPartition(request.partition, 'property partition');
  const { offset = 0n } = request;
  if (offset < 0n) throw invalid(`offset of ${offset} sectors: it must not be negative`);
  return {
    backing: checkBacking(request.backing),
    partition: request.partition,
    name: parseDeviceName(request.name ?? `dmfd-swap-${randomHex(4)}`),
    cipher,
    keySize,
    sectorSize,
    priority: request.priority,
    discard: request.discard,
    label: checkLabel(request.label ?? ''),
    uuid: checkUuid(request.uuid ?? randomUuid()),
    offset,
    size: request.size,
    force: request.force ?? false,
    noReadWorkqueue: request.noReadWorkqueue ?? false,
    noWriteWorkqueue: request.noWriteWorkqueue ?? false,
    mode: request.mode ?? 'auto',
  };
}

function checkBacking(backing: string): string {
  if (backing === '' || backing.includes('\0')) throw invalid(`backing ${JSON.stringify(backing)}: no path`);
  return backing;
}

/** It becomes one word of a table line. */
function checkCipher(cipher: string): string {
  if (isCipherWord(cipher)) return cipher;
  throw invalid(`cipher ${JSON.stringify(cipher)}: it must be one word`, CIPHER_HINT);
}

function checkPriority(priority: number | undefined): void {
  if (priority === undefined) return;
  if (Number.isInteger(priority) && priority >= 0 && priority <= MAX_PRIORITY) return;
  throw invalid(`priority ${priority}: it must be a whole number from 0 to ${MAX_PRIORITY}`);
}

function checkLabel(label: string): string {
  const bytes = Buffer.byteLength(label);
  if (bytes > LABEL_BYTES) {
    throw invalid(`label ${JSON.stringify(label)}: ${bytes} bytes, and at most ${LABEL_BYTES} fit`);
  }
  if (label.includes('\0')) throw invalid(`label ${JSON.stringify(label)}: a NUL byte stands in it`);
  return label;
}

function checkUuid(uuid: string): string {
  if (UUID.test(uuid)) return uuid.toLowerCase();
  throw new DmfdError('invalid-swap-uuid', `UUID ${JSON.stringify(uuid)}: it is none`, {
    hint: 'as in 2c4b8b0e-51a5-4ba2-95a5-0d2d2a3c1f7e; "uuidgen" makes one, and without `uuid` dmfd does',
  });
}

function invalid(message: string, hint?: string): DmfdError {
  return new DmfdError('invalid-request', message, { hint });
}
