/**
 * The kind of fault; {@link DmfdError.kind}.
 *
 * - `usage`: the request itself is wrong; nothing was asked of the kernel
 * - `privilege`: the process may not do this
 * - `unsupported`: this kernel, or this machine, cannot do it
 * - `taken`: a name, a UUID or a device belongs to another user or process
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

/** Every code there is, and the kind it belongs to. Codes are stable: programs may decide by them. */
const KINDS = {
  /** A property has the wrong type, or a value that it cannot have. */
  'invalid-request': 'usage',
  'invalid-name': 'usage',
  'invalid-uuid': 'usage',
  'invalid-table': 'usage',
  /** The table says `{loopN}`, and there is no such file. */
  'loop-missing': 'usage',
  'loop-unused': 'usage',
  /** `{below}` or `{layerN}` names a layer that is not below. */
  'layer-missing': 'usage',
  /** Nothing stands on a layer. */
  'layer-unused': 'usage',
  /** Unknown before the device is made: it depends on the content of a layer below, or on the kernel formatting an area. */
  'not-known-yet': 'usage',
  'loop-file-unusable': 'usage',
  'loop-file-not-writable': 'usage',
  /** The table says `{key}`, and no key was given. */
  'key-missing': 'usage',
  'key-unused': 'usage',
  'key-not-open': 'usage',
  'key-unusable': 'usage',
  'key-too-long': 'usage',
  'invalid-swap-uuid': 'usage',
  /** The file or device for the data is neither, or cannot be opened; or its partition or tag does not exist. */
  'backing-unusable': 'usage',
  /** Offset, size and sectors do not fit the backing, or each other. */
  'area-unusable': 'usage',
  /** The options of a command line do not go together; only the command line has this code. */
  'command-line': 'usage',
  /** xenstore describes a disk that cannot be made; only `dmfd xen-hotplug` has these four codes. */
  'xen-disk-invalid': 'usage',
  'not-permitted': 'privilege',
  /** This kernel has no device-mapper, or no loop driver. */
  'driver-missing': 'unsupported',
  /** The architecture, or its byte order. */
  'machine-unsupported': 'unsupported',
  'deferred-remove-unsupported': 'unsupported',
  /** Mode `atomic`, and the kernel does not return a descriptor. */
  'descriptor-unsupported': 'unsupported',
  'swap-unsupported': 'unsupported',
  /** A program of the system that is needed is not installed. */
  'program-missing': 'unsupported',
  'name-taken': 'taken',
  'uuid-taken': 'taken',
  /** There is something of the device's name in /dev/mapper. */
  'link-taken': 'taken',
  /** Another program removed or replaced the device while it was being made. */
  'device-stolen': 'taken',
  'loop-devices-taken': 'taken',
  /** Another loop device has the file; or a mount, swap or a device has the block device. */
  'loop-file-in-use': 'taken',
  'backing-in-use': 'taken',
  /** It has a file system, a partition table, … */
  'backing-has-content': 'taken',
  /** The area to format is neither zero nor formatted already. */
  'area-not-zero': 'taken',
  /** A file that others than root could change while it is swap. */
  'backing-insecure': 'usage',
  /**
   * What is written to it goes to another place, for which there may be no room: Btrfs, or a copy by reflink; or it is in an overlay,
   * and cannot be told from here.
   */
  'backing-copied-on-write': 'usage',
  /** It is in a file system of FUSE, NFS and the like: what serves it may need memory that is swapped out there. */
  'backing-served': 'usage',
  /** Discards would make holes in a file, and have to be filled again when pages are swapped out. */
  'discard-makes-holes': 'usage',
  'backing-replaced': 'taken',
  /** The server that a descriptor was to be sent to is neither root's nor the user's own. */
  'receiver-not-trusted': 'taken',
  /** Another `dmfd serve` listens there. */
  'already-served': 'taken',
  /** Another holder still has the device, or its loop device, that was to be gone. */
  'still-held': 'taken',
  /** The device that was named is not there, or is none of device-mapper's; or two devices have that name. */
  'device-missing': 'usage',
  /** Its table cannot be extended, or it would become smaller. */
  'not-resizable': 'usage',
  /** Another process is making the device, has suspended it, or loads a table. */
  'device-busy': 'taken',
  /** A device that was named to be removed is not a leaked one, or there is none of that name. */
  'not-leaked': 'taken',
  /** The toolstack took the disk away while it was being made. */
  'xen-disk-withdrawn': 'taken',
  'kernel-refused': 'kernel',
  /** The domain's backend did not open the device. */
  'xen-backend-failed': 'kernel',
  /** The creation failed, and could not be undone. */
  'left-behind': 'kernel',
  'target-unknown': 'kernel',
  /** A device that the table names is not there. */
  'lookup-failed': 'kernel',
  'node-missing': 'system',
  /** A link in /dev/mapper could not be made. */
  'link-failed': 'system',
  'shim-unusable': 'system',
  'reply-malformed': 'system',
  /** The process that was making the device was killed. */
  'creation-killed': 'system',
  'key-process-failed': 'system',
  'resource-limit': 'system',
  'output-failed': 'system',
  /** It cannot be reached, does not answer, or refuses. */
  'xenstore-failed': 'system',
  /** The receiver of a descriptor could not be reached, or did not keep it. */
  'receiver-failed': 'system',
  /** A socket to serve at could not be made, or is none. */
  'socket-unusable': 'system',
  'command-failed': 'system',
  'command-not-found': 'command-not-found',
  'command-not-executable': 'command-not-executable',
} as const satisfies Readonly<Record<string, ErrorKind>>;

/** The fault exactly; {@link DmfdError.code}. */
export type ErrorCode = keyof typeof KINDS;

export interface ErrorDetails {
  /** The operation that failed: `open /dev/mapper/control`. */
  readonly operation?: string | undefined;
  /** The errno's name, `EBUSY`. */
  readonly errno?: string | undefined;
  /** The name of the device. */
  readonly device?: string | undefined;
  /** The kernel's own words, oldest first. */
  readonly kernelLog?: readonly string[] | undefined;
  /** A remedy, in the words of the library: `key`, `loop`, … are properties of the request. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
}

/** The one error that dmfd throws on purpose. The message says what was asked and what came back. */
export class DmfdError extends Error {
  override readonly name = 'DmfdError';
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  readonly operation: string | undefined;
  readonly errno: string | undefined;
  readonly device: string | undefined;
  readonly kernelLog: readonly string[];
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? {} : { cause: details.cause });
    this.code = code;
    this.kind = KINDS[code];
    this.operation = details.operation;
    this.errno = details.errno;
    this.device = details.device;
    this.kernelLog = details.kernelLog ?? [];
    this.hint = details.hint;
  }
}

/** All but code and message, for an error that is made of another one. */
export function detailsOf({ operation, errno, device, kernelLog, hint, cause }: DmfdError): ErrorDetails {
  return { operation, errno, device, kernelLog, hint, cause };
}

/** For a machine whose /dev lacks a device's node, and where dmfd cannot make one. */
export const NODE_HINT =
  'mount devtmpfs on /dev, or allow mknod (CAP_MKNOD, and the device in the device cgroup) in this container';

/** For a process that device-mapper does not answer. */
export const PRIVILEGE_HINT =
  'dmfd needs CAP_SYS_ADMIN in the initial user namespace: real root, not root in a user namespace';

/** For a process that may not even open what it needs. */
export const ROOT_HINT = 'dmfd needs root (CAP_SYS_ADMIN), which sudo gives, and a service of the system has';
