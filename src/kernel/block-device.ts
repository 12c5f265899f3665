import { DmfdError } from '../errors.js';
import { describeErrno } from './errno.js';
import { shim } from './shim.js';

/** linux/fs.h; BLKGETSIZE64 as a 64-bit kernel numbers it. */
const BLKROGET = 0x125e;
const BLKSSZGET = 0x1268;
const BLKGETSIZE64 = 0x80081272;

export interface BlockDeviceFacts {
  readonly bytes: bigint;
  /** Bytes of a logical block: the smallest that can be written. */
  readonly blockSize: number;
  readonly readOnly: boolean;
}

/** What an open block device says of itself. @throws DmfdError `kernel` */
export function readBlockDevice(fd: number): BlockDeviceFacts {
  return {
    bytes: ask(fd, 'BLKGETSIZE64', BLKGETSIZE64).readBigUInt64LE(),
    blockSize: ask(fd, 'BLKSSZGET', BLKSSZGET).readInt32LE(),
    readOnly: ask(fd, 'BLKROGET', BLKROGET).readInt32LE() !== 0,
  };
}

function ask(fd: number, operation: string, request: number): Buffer {
  const answer = Buffer.alloc(8);
  const result = shim.ioctl(fd, request, answer);
  if (result >= 0) return answer;
  const { name, words } = describeErrno(-result);
  throw new DmfdError('kernel', `${operation}: ${name}, ${words}`, { operation, errno: name });
}
