import { formatDeviceNumber } from '../dm/device-number.js';
import { NO_ANSWER } from '../dm/protocol.js';
import { tableLength } from '../dm/table.js';
import { DmfdError, type ErrorKind, NODE_HINT, PRIVILEGE_HINT } from '../errors.js';
import { type CreationResult, MAX_KEY_BYTES } from '../kernel/creation.js';
import { describeErrno, type Errno } from '../kernel/errno.js';
import { nameStep, SHIM_STEPS } from '../kernel/steps.js';
import type { CheckedRequest } from './request.js';

interface Explanation {
  readonly kind: ErrorKind;
  readonly said?: string;
  readonly hint?: string;
}

/** Puts a failed creation into words: what was asked, what the kernel answered, its own log lines, what to do. */
export function explainFailure(
  request: CheckedRequest,
  outcome: CreationResult,
  kernelLog: readonly string[] | undefined,
): DmfdError {
  const errno = describeErrno(-outcome.result);
  const operation = nameStep(outcome.failedStep);
  const { kind, said, hint: ownHint } = explain(request, outcome, errno, kernelLog);
  const hint = outcome.rollback < 0 ? leftBehind(outcome.rollback) : ownHint;
  return new DmfdError(
    kind,
    `device ${request.name}: ${said ?? `${operation}: ${errno.name}, ${errno.words}`}`,
    {
      operation,
      errno: errno.name,
      device: request.name,
      kernelLog: kernelLog ?? [],
      ...(hint === undefined ? {} : { hint }),
    },
  );
}

function explain(
  request: CheckedRequest,
  outcome: CreationResult,
  errno: Errno,
  log: readonly string[] | undefined,
): Explanation {
  switch (outcome.failedStep) {
    case SHIM_STEPS.SHIELD:
      return errno.name === 'EINTR' ? explainKilled(outcome.rollback === 0) : NO_PROCESS;
    case SHIM_STEPS.KEY:
      return explainKey(errno);
    case SHIM_STEPS.CREATE_WITH_FD:
    case SHIM_STEPS.CREATE:
      return explainCreate(request, errno);
    case SHIM_STEPS.CHECK_ANSWER:
      return explainAnswer(outcome);
    case SHIM_STEPS.LOAD:
    case SHIM_STEPS.RESUME:
      // Some tables are refused only when they go live. Of a device that is there, the kernel says what it does not like about the table.
      if (errno.name === 'ENXIO' && log === undefined) return STOLEN_OR_REFUSED;
      if (errno.name === 'ENXIO' && log?.length === 0) return STOLEN;
      if (errno.name === 'EPIPE') return KEEPER_KILLED;
      return { kind: 'kernel', hint: hintForLoad(request, errno, log ?? []) };
    case SHIM_STEPS.PROVE_NUMBER:
    case SHIM_STEPS.PROVE_UUID:
    case SHIM_STEPS.PROVE_DISKSEQ:
      return STOLEN;
    case SHIM_STEPS.DOOM:
      return errno.name === 'EBUSY'
        ? NO_DEFERRED_REMOVE
        : errno.name === 'ENXIO'
          ? STOLEN
          : { kind: 'kernel' };
    case SHIM_STEPS.OPEN:
      return errno.name === 'ENXIO' ? STOLEN : { kind: 'kernel' };
    case SHIM_STEPS.PRIVATE_NODE:
      if (errno.name === 'ENXIO') return STOLEN;
      return {
        kind: 'system',
        said: `/dev has no node for it (${formatDeviceNumber(outcome.dev)}), and opening one of our own says ${errno.name}, ${errno.words}`,
        hint: NODE_HINT,
      };
    default:
      return { kind: 'kernel' };
  }
}

function leftBehind(rollback: number): string {
  return `it could not be taken back either (${describeErrno(-rollback).name}): it is still there; "dmfd reap" removes it`;
}

function explainKilled(takenBack: boolean): Explanation {
  return {
    kind: 'system',
    said: `the process that was making it was killed${takenBack ? '; everything was taken back' : ''}`,
    hint: 'run the command again; if nobody killed it, look for the out-of-memory killer in the kernel log',
  };
}

const KEEPER_KILLED: Explanation = {
  kind: 'system',
  said: 'the process that had the key was killed; everything was taken back',
  hint: 'run the command again; if nobody killed it, look for the out-of-memory killer in the kernel log',
};

function explainKey(errno: Errno): Explanation {
  switch (errno.name) {
    case 'ENODATA':
      return {
        kind: 'usage',
        said: 'the key is empty',
        hint: 'nothing could be read where the key should be',
      };
    case 'EMSGSIZE':
      return {
        kind: 'usage',
        said: `the key is longer than ${MAX_KEY_BYTES} bytes`,
        hint: 'all of a key file is the key; cut one out with: head -c BYTES FILE | dmfd … --key-fd 0',
      };
    case 'EPIPE':
      return KEEPER_KILLED;
    case 'EAGAIN':
    case 'ENOMEM':
      return {
        kind: 'system',
        said: `a process with locked memory for the key: ${errno.name}, ${errno.words}`,
        hint: 'check the limits on processes and on locked memory (ulimit -u, ulimit -l, the cgroup)',
      };
    case 'ENOSYS':
      return {
        kind: 'system',
        said: `the process for the key: ${errno.name}, ${errno.words}`,
        hint: 'no tracer can follow that process; strace works without --seccomp-bpf',
      };
    default:
      return { kind: 'system', said: `the key cannot be read: ${errno.name}, ${errno.words}` };
  }
}

const NO_PROCESS: Explanation = {
  kind: 'system',
  hint: 'a process could not be started: check the limits on processes and memory (ulimit -u, the pids cgroup)',
};

const STOLEN: Explanation = {
  kind: 'taken',
  said: 'somebody removed or replaced it while it was being made; what was opened is not it',
  hint: 'another program works on device-mapper devices that are not its own: find it, and try again',
};

const STOLEN_OR_REFUSED: Explanation = {
  kind: 'kernel',
  hint: 'the kernel\'s log (/dev/kmsg) cannot be read here, and "dmesg" may say more: what the table names cannot be used, or somebody removed the device while it was being made',
};

const NO_DEFERRED_REMOVE: Explanation = {
  kind: 'unsupported',
  said: 'this kernel does not know deferred removal, so the device could not be made to vanish by itself',
  hint: 'Linux 3.13 or later is needed',
};

function explainCreate(request: CheckedRequest, errno: Errno): Explanation {
  if (errno.name === 'EBUSY') {
    return {
      kind: 'taken',
      said: `DM_DEV_CREATE: EBUSY, a device with that name or UUID exists`,
      hint: 'choose another name, or leave it out; "dmsetup info -c" shows what exists',
    };
  }
  if (request.mode === 'atomic' && errno.name === 'EOPNOTSUPP') {
    return { ...NO_FLAG, said: 'this kernel refuses DM_FILE_DESCRIPTOR_FLAG' };
  }
  if (errno.name === 'EACCES' || errno.name === 'EPERM') {
    return { kind: 'privilege', hint: PRIVILEGE_HINT };
  }
  return { kind: 'kernel' };
}

const NO_FLAG: Explanation = {
  kind: 'unsupported',
  hint: 'only a kernel with the proposed flag can; use --mode auto, which reaches the same guarantee on any kernel',
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

function hintForLoad(request: CheckedRequest, errno: Errno, log: readonly string[]): string {
  const types = [...new Set(request.table.map(({ type }) => type))].join(', ');
  const text = log.join('\n');
  if (/unknown target type/.test(text)) {
    return `no module dm-… of this kernel offers it; "dmfd probe" lists the target types that are loaded (asked for: ${types})`;
  }
  if (/Device lookup failed|error getting device|Error opening/i.test(text))
    return hintForLookup(errno, text);
  if (/too small for target/.test(text))
    return 'the device in the table is smaller than start plus length says';
  if (errno.name === 'ENOMEM')
    return `a table of ${request.table.length} lines needs more memory than there is`;
  if (errno.name === 'EBUSY')
    return 'something in the table is held exclusively by another user: a mount, swap, a device';
  const length = tableLength(request.table);
  return `the arguments of the target are wrong for this kernel, or what they name cannot be used (device of ${length} sectors, target: ${types})`;
}

/** The kernel often logs the errno of the look-up, which says more than that of the load. */
function hintForLookup(errno: Errno, text: string): string {
  if (/\(-EBUSY\)|\(-16\)/.test(text) || errno.name === 'EBUSY') {
    return 'another user holds that device exclusively: a mount, swap, another table';
  }
  return 'there is no block device of that name or number; to use a file, give it with --loop FILE and write {loop0} in the table';
}
