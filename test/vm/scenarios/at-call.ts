import { program } from '../../programs.js';

const path = program('at-call');

/** Requests of ioctl(), as the kernel's headers number them on x86-64. */
const REQUESTS = {
  DM_DEV_CREATE: 0xc138fd03,
  DM_DEV_REMOVE: 0xc138fd04,
  DM_DEV_SUSPEND: 0xc138fd06,
  DM_DEV_STATUS: 0xc138fd07,
  DM_TABLE_LOAD: 0xc138fd09,
  DM_LIST_VERSIONS: 0xc138fd0d,
  DM_GET_TARGET_VERSION: 0xc138fd11,
  BLKGETSIZE64: 0x80081272,
  BLKGETDISKSEQ: 0x80081280,
  LOOP_CTL_GET_FREE: 0x4c82,
  LOOP_CONFIGURE: 0x4c0a,
  LOOP_SET_FD: 0x4c00,
  LOOP_SET_STATUS64: 0x4c04,
} as const;

const ERRNO = { EIO: 5, ENOMEM: 12, EBUSY: 16, EINVAL: 22, ENOTTY: 25 } as const;

/** An ioctl, or the opening of a path that begins so. */
export type Call = keyof typeof REQUESTS | `/${string}`;

export interface Intervention {
  /** Which of these calls, from 1, counted over all of dmfd's processes; 0 is every one. Default 1. */
  readonly nth?: number;
  /** It fails with that; otherwise it is made after all. */
  readonly error?: keyof typeof ERRNO;
  /** Shell script, without `'`, that runs while the caller waits: $CALLER is its process id, $COMMAND that of dmfd. */
  readonly run?: string;
}

/** The shell words to put before a command, so that something happens just before one of its calls: tools/at-call.c. */
export function atCall(call: Call, { nth = 1, error, run = '' }: Intervention): string {
  const where = isPath(call) ? `open=${call}` : `ioctl=${REQUESTS[call]}`;
  return `${path} ${where} ${nth} ${error === undefined ? 0 : ERRNO[error]} '${run}'`;
}

function isPath(call: Call): call is `/${string}` {
  return call.startsWith('/');
}
