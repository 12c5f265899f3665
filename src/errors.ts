/**
 * What kind of trouble it was; {@link DmfdError.kind}.
 *
 * - `usage`: the request itself is wrong; nothing was asked of the kernel
 * - `privilege`: the process may not do this
 * - `unsupported`: this kernel, or this machine, cannot do it
 * - `taken`: a name, a UUID or a device is somebody else's
 * - `kernel`: the kernel refused, for the reason in `errno` and `kernelLog`
 * - `system`: something around dmfd is broken: a file that cannot be read, a shim that was not built
 * - `command-not-found`, `command-not-executable`: the command to hand over to cannot be run
 */
export type ErrorKind =
  | 'usage'
  | 'privilege'
  | 'unsupported'
  | 'taken'
  | 'kernel'
  | 'system'
  | 'command-not-found'
  | 'command-not-executable';

export interface ErrorDetails {
  /** What was asked, as a person would say it: `open /dev/mapper/control`. */
  readonly operation?: string;
  /** The errno's name, `EBUSY`. */
  readonly errno?: string;
  /** The device it was about. */
  readonly device?: string;
  /** The kernel's own words, oldest first. */
  readonly kernelLog?: readonly string[];
  /** What to do about it. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/** The one error that dmfd throws on purpose. The message says what was asked and what came back. */
export class DmfdError extends Error {
  override readonly name = 'DmfdError';
  readonly kind: ErrorKind;
  readonly operation: string | undefined;
  readonly errno: string | undefined;
  readonly device: string | undefined;
  readonly kernelLog: readonly string[];
  readonly hint: string | undefined;

  constructor(kind: ErrorKind, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? {} : { cause: details.cause });
    this.kind = kind;
    this.operation = details.operation;
    this.errno = details.errno;
    this.device = details.device;
    this.kernelLog = details.kernelLog ?? [];
    this.hint = details.hint;
  }
}

/** For a machine whose /dev lacks a device's node, and that does not let us make one. */
export const NODE_HINT =
  'mount devtmpfs on /dev, or allow mknod (CAP_MKNOD, and the device in the device cgroup) in this container';

/** For a process that device-mapper does not answer. */
export const PRIVILEGE_HINT =
  'dmfd needs CAP_SYS_ADMIN in the initial user namespace: real root, not root in a user namespace';

/** For a process that may not even open what it needs. */
export const ROOT_HINT = 'dmfd needs root (CAP_SYS_ADMIN): run it with sudo, or as a service of the system';

/** The request is wrong; nothing was asked of the kernel. */
export function usageError(message: string, hint?: string): DmfdError {
  return new DmfdError('usage', message, hint === undefined ? {} : { hint });
}
