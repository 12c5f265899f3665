import { formatDeviceNumber } from '../dm/device-number.js';
import { isOwnUuid } from '../dm/names.js';
import { NO_ANSWER } from '../dm/protocol.js';
import { tableLength } from '../dm/table.js';
import { type DmfdError, type ErrorCode, NODE_HINT, PRIVILEGE_HINT } from '../errors.js';
import type { DmControl } from '../kernel/dm-control.js';
import { describeErrno, type Errno, errnoError, isRefusal } from '../kernel/errno.js';
import type { Kernel } from '../kernel/kernel.js';
import type { KernelLog } from '../kernel/kernel-log.js';
import { KEY_TOO_LONG_HINT, maxKeyBytes } from '../key/key.js';
import { type Creation, type CreationResult, createShielded } from './creation.js';
import type { PlannedLayer } from './plan.js';
import type { CheckedRequest } from './request.js';
import { stepWords } from './steps.js';
import { NAME_TAKEN_HINT } from './taken.js';

/** The properties of a request that the words about its failure need. */
type Asked = Pick<PlannedLayer, 'name' | 'uuid' | 'table'> & Pick<CheckedRequest, 'mode'>;

interface Explanation {
  readonly code?: ErrorCode;
  readonly said?: string;
  readonly hint?: string;
}

/** As {@link createShielded}. @throws DmfdError when it failed; then nothing is left */
export function createOrExplain(
  kernel: Kernel,
  dm: DmControl,
  creation: Creation,
  log: KernelLog,
): CreationResult {
  const outcome = createShielded(kernel, dm, creation);
  if (outcome.result >= 0) return outcome;
  const { dev } = outcome;
  const number = dev.major === 0 ? undefined : formatDeviceNumber(dev);
  throw explainFailure(creation, outcome, log.deviceMapperLines(number));
}

/** Puts a failed creation into words: what was asked, what the kernel answered, its own log lines, what to do. */
export function explainFailure(
  request: Asked,
  outcome: CreationResult,
  kernelLog: readonly string[] | undefined,
): DmfdError {
  const errno = describeErrno(-outcome.result);
  const explanation = explain(request, outcome, errno, kernelLog);
  const operation = outcome.failedStep === undefined ? 'create a device' : stepWords(outcome.failedStep);
  const rollback = rollbackResult(outcome);
  const said = explanation.said ?? `${operation}: ${errno.name}, ${errno.words}`;
  return errnoError(operation, errno, {
    ...explanation,
    ...(rollback < 0 ? leftBehind(request, said, describeErrno(-rollback)) : {}),
    subject: `device ${request.name}`,
    device: request.name,
    kernelLog,
  });
}

/** A negative errno when the failed creation could not be taken back: then the device is left. */
function rollbackResult({ trace }: CreationResult): number {
  return trace.findLast(({ step }) => step === 'ROLLBACK')?.result ?? 0;
}

function explain(
  request: Asked,
  outcome: CreationResult,
  errno: Errno,
  log: readonly string[] | undefined,
): Explanation {
  switch (outcome.failedStep) {
    case 'SHIELD':
      return errno.name === 'EINTR' ? explainKilled(rollbackResult(outcome) === 0) : NO_PROCESS;
    case 'KEY':
      return explainKey(errno);
    case 'CREATE_WITH_FD':
    case 'CREATE':
      return explainCreate(request, errno);
    case 'CHECK_ANSWER':
      return explainAnswer(outcome);
    case 'LOAD':
    case 'RESUME':
      // Some tables are refused only when they go live. Of a device that is there, the kernel says what it does not like about the table.
      if (errno.name === 'ENXIO' && log === undefined) return STOLEN_OR_REFUSED;
      if (errno.name === 'ENXIO' && (log?.length === 0 || log?.some((line) => REMOVED_LINE.test(line))))
        return STOLEN;
      if (errno.name === 'EPIPE') return KEEPER_KILLED;
      return explainLoad(request, errno, log ?? []);
    case 'PROVE_NUMBER':
    case 'PROVE_UUID':
    case 'PROVE_DISKSEQ':
      return STOLEN;
    case 'DEFER_REMOVE':
      if (errno.name === 'EBUSY') return NO_DEFERRED_REMOVE;
      return errno.name === 'ENXIO' ? STOLEN : { code: 'kernel-refused' };
    case 'OPEN':
      return errno.name === 'ENXIO' ? STOLEN : { code: 'kernel-refused' };
    case 'PRIVATE_NODE':
      if (errno.name === 'ENXIO') return STOLEN;
      return {
        code: 'node-missing',
        said: `/dev has no node for it (${formatDeviceNumber(outcome.dev)}), and opening one of our own says ${errno.name}, ${errno.words}`,
        hint: NODE_HINT,
      };
    case 'MEASURE':
    case 'SIGNATURE':
    case 'ROLLBACK':
    case undefined:
      return { code: 'kernel-refused' };
  }
}

function leftBehind({ name, uuid }: Asked, said: string, rollback: Errno): Explanation {
  const which = isOwnUuid(uuid) ? '' : `{ devices: [${JSON.stringify(name)}] }`;
  return {
    code: 'left-behind',
    said: `${said}; it could not be taken back either (${rollback.name}), and is still there`,
    hint: `reapDevices(${which}) removes it`,
  };
}

function explainKilled(takenBack: boolean): Explanation {
  return {
    code: 'creation-killed',
    said: `the process that was making it was killed${takenBack ? '; everything was taken back' : ''}`,
    hint: 'try again; if nobody killed it, look for the out-of-memory killer in the kernel log',
  };
}

const KEEPER_KILLED: Explanation = {
  code: 'key-process-failed',
  said: 'the process that had the key was killed; everything was taken back',
  hint: 'try again; if nobody killed it, look for the out-of-memory killer in the kernel log',
};

function explainKey(errno: Errno): Explanation {
  switch (errno.name) {
    case 'ENODATA':
      return {
        code: 'key-unusable',
        said: 'the key is empty',
        hint: 'nothing could be read where the key should be',
      };
    case 'EMSGSIZE':
      return {
        code: 'key-too-long',
        said: `the key is longer than ${maxKeyBytes()} bytes`,
        hint: KEY_TOO_LONG_HINT,
      };
    case 'EPIPE':
      return KEEPER_KILLED;
    case 'EAGAIN':
    case 'ENOMEM':
      return {
        code: 'resource-limit',
        said: `a process with locked memory for the key: ${errno.name}, ${errno.words}`,
        hint: 'check the limits on processes and on locked memory (ulimit -u, ulimit -l, the cgroup)',
      };
    case 'ENOSYS':
      return {
        code: 'key-process-failed',
        said: `the process for the key: ${errno.name}, ${errno.words}`,
        hint: 'no tracer can follow that process; strace works without --seccomp-bpf',
      };
    default:
      return { code: 'key-process-failed', said: `the key cannot be read: ${errno.name}, ${errno.words}` };
  }
}

const NO_PROCESS: Explanation = {
  code: 'resource-limit',
  hint: 'a process could not be started: check the limits on processes and memory (ulimit -u, the pids cgroup)',
};

/** The kernel's word for a device that went away during the load of its table. */
const REMOVED_LINE = /device has been removed from the dev hash table/;

const STOLEN: Explanation = {
  code: 'device-stolen',
  said: 'somebody removed or replaced it while it was being made; what was opened is not it',
  hint: 'another program works on device-mapper devices that are not its own: find it, and try again',
};

const STOLEN_OR_REFUSED: Explanation = {
  code: 'kernel-refused',
  hint: 'the kernel\'s log (/dev/kmsg) cannot be read here, and "dmesg" may say more: what the table names cannot be used, or somebody removed the device while it was being made',
};

const NO_DEFERRED_REMOVE: Explanation = {
  code: 'deferred-remove-unsupported',
  said: 'this kernel does not know deferred removal, so the device could not be made to vanish by itself',
  hint: 'Linux 3.13 or later is needed',
};

function explainCreate(request: Asked, errno: Errno): Explanation {
  if (errno.name === 'EBUSY') {
    return {
      code: 'name-taken',
      said: `DM_DEV_CREATE: EBUSY, a device with that name or UUID exists`,
      hint: NAME_TAKEN_HINT,
    };
  }
  if (request.mode === 'atomic' && errno.name === 'EOPNOTSUPP') {
    return { ...NO_FLAG, said: 'this kernel refuses DM_FILE_DESCRIPTOR_FLAG' };
  }
  return isRefusal(errno) ? { hint: PRIVILEGE_HINT } : {};
}

const NO_FLAG: Explanation = {
  code: 'descriptor-unsupported',
  hint: 'only a kernel with the proposed flag can; use `mode` auto, which reaches the same guarantee on any kernel',
};

function explainAnswer({ answer }: CreationResult): Explanation {
  if (answer === NO_ANSWER) {
    return {
      ...NO_FLAG,
      said: 'this kernel does not return a descriptor from DM_DEV_CREATE (it left the field alone)',
    };
  }
  return {
    ...NO_FLAG,
    said: `this kernel means something else by DM_FILE_DESCRIPTOR_FLAG: it answered ${answer}, which is not a descriptor of the new device`,
  };
}

function explainLoad(request: Asked, errno: Errno, log: readonly string[]): Explanation {
  const types = [...new Set(request.table.map(({ type }) => type))].join(', ');
  const text = log.join('\n');
  if (/unknown target type/.test(text)) {
    return {
      code: 'target-unknown',
      hint: 'no module dm-… of this kernel offers it; probe() tells the target types that are loaded',
    };
  }
  if (/Device lookup failed|error getting device|Error opening/i.test(text))
    return explainLookup(errno, text);
  return { code: 'kernel-refused', hint: hintForLoad(request, errno, text, types) };
}

/** The kernel's errnos for a signature that it cannot check, does not trust, or that is of other data. */
const NOT_SIGNED = ['ENOKEY', 'EKEYREJECTED', 'EBADMSG', 'ENOPKG', 'EKEYEXPIRED', 'EKEYREVOKED'];

function hintForLoad({ table }: Asked, errno: Errno, log: string, types: string): string {
  if (table.some(({ params }) => params.includes(' root_hash_sig_key_desc '))) {
    if (NOT_SIGNED.includes(errno.name))
      return 'the signature has to be of the root hash, by a certificate in a keyring that the kernel trusts: "keyctl show %:.builtin_trusted_keys" shows one, and .secondary_trusted_keys, .platform';
    if (errno.name === 'EINVAL')
      return 'perhaps this kernel cannot check signatures (CONFIG_DM_VERITY_VERIFY_ROOTHASH_SIG)';
  }
  if (/too small for target/.test(log))
    return 'the device in the table is smaller than start plus length says';
  if (errno.name === 'ENOMEM') return `a table of ${table.length} lines needs more memory than there is`;
  if (errno.name === 'EBUSY')
    return 'something in the table is held exclusively by another user: a mount, swap, a device';
  return `the arguments of the target are wrong for this kernel, or what they name cannot be used (device of ${tableLength(table)} sectors, target: ${types})`;
}

/** The kernel often logs the errno of the look-up, which says more than that of the load. */
function explainLookup(errno: Errno, log: string): Explanation {
  if (/\(-EBUSY\)|\(-16\)/.test(log) || errno.name === 'EBUSY') {
    return {
      code: 'kernel-refused',
      hint: 'another user holds that device exclusively: a mount, swap, another table',
    };
  }
  return {
    code: 'lookup-failed',
    hint: 'there is no block device of that name or number; to use a file, give it as `loop` and write {loop0} in the table',
  };
}
