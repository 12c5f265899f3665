/**
 * Numbers of the loop driver's user API (linux/loop.h); native-shims/layout.c asserts the layout.
 *
 * @module
 */

export const LOOP_MAJOR = 7;

export const LOOP_COMMANDS = {
  SET_CAPACITY: 0x4c07,
  SET_DIRECT_IO: 0x4c08,
  SET_BLOCK_SIZE: 0x4c09,
  CONFIGURE: 0x4c0a,
  GET_STATUS64: 0x4c05,
  SET_STATUS64: 0x4c04,
  CTL_GET_FREE: 0x4c82,
} as const;

const FLAG_READ_ONLY = 1;
const FLAG_AUTOCLEAR = 4;

export const INFO_SIZE = 232;
const INFO_DEVICE_AT = 0;
const INFO_INODE_AT = 8;
const INFO_RDEVICE_AT = 16;
const INFO_OFFSET_AT = 24;
const INFO_SIZE_LIMIT_AT = 32;
const INFO_FLAGS_AT = 52;
const INFO_NAME_AT = 56;
const NAME_FIELD = 64;

const CONFIG_SIZE = 304;
const CONFIG_BLOCK_SIZE_AT = 4;
const CONFIG_INFO_AT = 8;

/** The beginning of `lo_file_name` that marks dmfd's loop devices; losetup shows the kernel's own name instead. */
const MARK = 'dmfd:';

/** Which part of its file a loop device shows, and how. */
export interface LoopSetup {
  readonly readOnly: boolean;
  /** Bytes, not necessarily whole sectors. Default 0. */
  readonly offset?: bigint | undefined;
  /** Bytes. Default: all the rest. */
  readonly sizeLimit?: bigint | undefined;
  /** Bytes of a logical block. Default: the kernel's choice. */
  readonly blockSize?: number | undefined;
  /** Past the page cache; `preferred`: where the file system can. */
  readonly directIo?: boolean | 'preferred' | undefined;
}

/** `struct loop_info64` for a device that detaches by itself when it is no longer open. */
export function encodeLoopInfo(file: string, { readOnly, offset = 0n, sizeLimit = 0n }: LoopSetup): Buffer {
  const info = Buffer.alloc(INFO_SIZE);
  info.writeBigUInt64LE(offset, INFO_OFFSET_AT);
  info.writeBigUInt64LE(sizeLimit, INFO_SIZE_LIMIT_AT);
  info.writeUInt32LE(FLAG_AUTOCLEAR | (readOnly ? FLAG_READ_ONLY : 0), INFO_FLAGS_AT);
  // A longer name is cut, at a whole character.
  info.write(`${MARK}${file}`, INFO_NAME_AT, NAME_FIELD - 1, 'utf8');
  return info;
}

/** The same with autoclear. */
export function setAutoclear(info: Buffer): Buffer {
  const changed = Buffer.from(info);
  changed.writeUInt32LE(info.readUInt32LE(INFO_FLAGS_AT) | FLAG_AUTOCLEAR, INFO_FLAGS_AT);
  return changed;
}

/** `struct loop_config`: descriptor of the backing file, block size (0: the kernel's choice), the info above. */
export function encodeLoopConfig(backing: number, info: Buffer, blockSize = 0): Buffer {
  const config = Buffer.alloc(CONFIG_SIZE);
  config.writeUInt32LE(backing >>> 0, 0);
  config.writeUInt32LE(blockSize, CONFIG_BLOCK_SIZE_AT);
  info.copy(config, CONFIG_INFO_AT);
  return config;
}

/** The kernel's description of a loop device and its backing; device numbers as stat(2) has them. */
export interface LoopInfo {
  readonly device: bigint;
  readonly inode: bigint;
  /** Of a block device that is the backing. */
  readonly blockDevice: bigint | undefined;
  readonly readOnly: boolean;
  /** Bytes. */
  readonly offset: bigint;
  /** Bytes; undefined: all the rest. */
  readonly sizeLimit: bigint | undefined;
  /** It detaches when it is not used any more. */
  readonly autoclear: boolean;
  /** dmfd attached it. */
  readonly isOurs: boolean;
}

export function decodeLoopInfo(info: Buffer): LoopInfo {
  const device = info.readBigUInt64LE(INFO_DEVICE_AT);
  // For a file it is 0, or in older kernels once more the device that the file is on.
  const rdevice = info.readBigUInt64LE(INFO_RDEVICE_AT);
  const flags = info.readUInt32LE(INFO_FLAGS_AT);
  return {
    device,
    inode: info.readBigUInt64LE(INFO_INODE_AT),
    blockDevice: rdevice === 0n || rdevice === device ? undefined : rdevice,
    readOnly: (flags & FLAG_READ_ONLY) !== 0,
    offset: info.readBigUInt64LE(INFO_OFFSET_AT),
    sizeLimit: info.readBigUInt64LE(INFO_SIZE_LIMIT_AT) || undefined,
    autoclear: (flags & FLAG_AUTOCLEAR) !== 0,
    isOurs: info.toString('latin1', INFO_NAME_AT, INFO_NAME_AT + MARK.length) === MARK,
  };
}
