import { constants } from 'node:os';
import { describe, expect, test } from 'vitest';
import type { TraceEntry } from '../../../src/device/creation.js';
import { explainFailure } from '../../../src/device/failure.js';
import { checkRequest, type TableRequest } from '../../../src/device/request.js';
import { CREATION_STEPS, type CreationStep, stepWords } from '../../../src/device/steps.js';
import type { ErrorCode, ErrorKind } from '../../../src/errors.js';
import { creation } from '../support/device.js';

interface Case {
  readonly step: CreationStep;
  readonly errno: keyof typeof constants.errno;
  readonly kind: ErrorKind;
  readonly code: ErrorCode;
  readonly message: RegExp;
  readonly hint?: RegExp;
  /** null: it cannot be read. */
  readonly log?: readonly string[] | null;
  readonly answer?: number;
  readonly request?: Partial<TableRequest>;
}

const LOOKUP = 'device-mapper: table: 254:1: linear: Device lookup failed (-ENODEV)';
const UNKNOWN = 'device-mapper: table: 254:1: nosuch: unknown target type';
const SMALL = 'device-mapper: table: 254:1: loop1 too small for target: start=0, len=8, dev_size=4';
const COUNT = 'device-mapper: table: 254:1: linear: Invalid argument count (-EINVAL)';

const rolledBack = (result: number): readonly TraceEntry[] => [
  { step: 'CREATE', result: 0, nanoseconds: 1 },
  { step: 'ROLLBACK', result, nanoseconds: 1 },
];

const CASES: readonly Case[] = [
  {
    step: 'SHIELD',
    errno: 'EINTR',
    kind: 'system',
    code: 'creation-killed',
    message: /was killed; everything was taken back/,
  },
  {
    step: 'SHIELD',
    errno: 'EAGAIN',
    kind: 'system',
    code: 'resource-limit',
    message: /start the shielded section: EAGAIN/,
    hint: /ulimit -u/,
  },
  {
    step: 'SIGNATURE',
    errno: 'EDQUOT',
    kind: 'kernel',
    code: 'kernel-refused',
    message: /add_key: the signature of the root hash: EDQUOT/,
  },
  { step: 'KEY', errno: 'ENODATA', kind: 'usage', code: 'key-unusable', message: /the key is empty/ },
  {
    step: 'KEY',
    errno: 'EMSGSIZE',
    kind: 'usage',
    code: 'key-too-long',
    message: /longer than 4096 bytes/,
    hint: /all bytes of the file or descriptor are the key/,
  },
  {
    step: 'KEY',
    errno: 'EPIPE',
    kind: 'system',
    code: 'key-process-failed',
    message: /that had the key was killed/,
  },
  {
    step: 'KEY',
    errno: 'ENOMEM',
    kind: 'system',
    code: 'resource-limit',
    message: /locked memory.*ENOMEM/,
    hint: /ulimit -l/,
  },
  {
    step: 'KEY',
    errno: 'ENOSYS',
    kind: 'system',
    code: 'key-process-failed',
    message: /ENOSYS/,
    hint: /--seccomp-bpf/,
  },
  {
    step: 'KEY',
    errno: 'EIO',
    kind: 'system',
    code: 'key-process-failed',
    message: /the key cannot be read: EIO/,
  },
  {
    step: 'LOAD',
    errno: 'EPIPE',
    kind: 'system',
    code: 'key-process-failed',
    message: /that had the key was killed; everything was taken/,
  },
  {
    step: 'CREATE',
    errno: 'EBUSY',
    kind: 'taken',
    code: 'name-taken',
    message: /EBUSY, a device with that name or UUID exists/,
  },
  {
    step: 'CREATE_WITH_FD',
    errno: 'EBUSY',
    kind: 'taken',
    code: 'name-taken',
    message: /exists/,
    hint: /choose another name/,
  },
  {
    step: 'CREATE_WITH_FD',
    errno: 'EACCES',
    kind: 'privilege',
    code: 'not-permitted',
    message: /EACCES/,
    hint: /CAP_SYS_ADMIN/,
  },
  {
    step: 'CREATE',
    errno: 'EPERM',
    kind: 'privilege',
    code: 'not-permitted',
    message: /EPERM/,
    hint: /CAP_SYS_ADMIN/,
  },
  {
    step: 'CREATE',
    errno: 'ENOMEM',
    kind: 'kernel',
    code: 'kernel-refused',
    message: /DM_DEV_CREATE: ENOMEM/,
  },
  {
    step: 'CREATE_WITH_FD',
    errno: 'EOPNOTSUPP',
    kind: 'unsupported',
    code: 'descriptor-unsupported',
    message: /refuses DM_FILE_DESCRIPTOR_FLAG/,
    hint: /use `mode` auto/,
    request: { mode: 'atomic' },
  },
  {
    step: 'CHECK_ANSWER',
    errno: 'EOPNOTSUPP',
    kind: 'unsupported',
    code: 'descriptor-unsupported',
    message: /does not return a descriptor/,
    hint: /use `mode` auto/,
    answer: 0xffff_ffff,
  },
  {
    step: 'CHECK_ANSWER',
    errno: 'EOPNOTSUPP',
    kind: 'unsupported',
    code: 'descriptor-unsupported',
    message: /means something else .* it answered 0, which is not a descriptor of the new device/,
    hint: /use `mode` auto/,
    answer: 0,
  },
  {
    step: 'LOAD',
    errno: 'EINVAL',
    kind: 'kernel',
    code: 'target-unknown',
    message: /DM_TABLE_LOAD: EINVAL/,
    log: [UNKNOWN],
    hint: /no module dm-/,
  },
  {
    step: 'LOAD',
    errno: 'ENODEV',
    kind: 'kernel',
    code: 'lookup-failed',
    message: /DM_TABLE_LOAD: ENODEV/,
    log: [LOOKUP],
    hint: /device/,
  },
  {
    step: 'LOAD',
    errno: 'EINVAL',
    kind: 'kernel',
    code: 'kernel-refused',
    message: /EINVAL/,
    log: [SMALL],
    hint: /smaller than start plus length/,
  },
  {
    step: 'LOAD',
    errno: 'EINVAL',
    kind: 'kernel',
    code: 'kernel-refused',
    message: /EINVAL/,
    log: [COUNT],
    hint: /arguments .* target: zero\)/,
  },
  {
    step: 'LOAD',
    errno: 'EBUSY',
    kind: 'kernel',
    code: 'kernel-refused',
    message: /EBUSY/,
    hint: /exclusively/,
  },
  {
    step: 'LOAD',
    errno: 'ENOMEM',
    kind: 'kernel',
    code: 'kernel-refused',
    message: /ENOMEM/,
    hint: /a table of 1 lines/,
  },
  {
    step: 'LOAD',
    errno: 'EINVAL',
    kind: 'kernel',
    code: 'kernel-refused',
    message: /EINVAL/,
    hint: /device of 8 sectors, target: zero/,
  },
  {
    step: 'OPEN',
    errno: 'EMFILE',
    kind: 'kernel',
    code: 'kernel-refused',
    message: /open the device node: EMFILE/,
  },
  {
    step: 'PRIVATE_NODE',
    errno: 'EPERM',
    kind: 'system',
    code: 'node-missing',
    message: /\/dev has no node for it \(4095:1048575\), .* EPERM/,
    hint: /CAP_MKNOD/,
  },
  { step: 'LOAD', errno: 'ENXIO', kind: 'taken', code: 'device-stolen', message: /removed or replaced it/ },
  {
    step: 'LOAD',
    errno: 'ENXIO',
    kind: 'kernel',
    code: 'lookup-failed',
    message: /DM_TABLE_LOAD: ENXIO/,
    log: ['device-mapper: table: 254:1: linear: Device lookup failed (-ENXIO)'],
    hint: /there is no block device/,
  },
  { step: 'OPEN', errno: 'ENXIO', kind: 'taken', code: 'device-stolen', message: /removed or replaced it/ },
  {
    step: 'PRIVATE_NODE',
    errno: 'ENXIO',
    kind: 'taken',
    code: 'device-stolen',
    message: /removed or replaced it/,
  },
  {
    step: 'PROVE_NUMBER',
    errno: 'ESTALE',
    kind: 'taken',
    code: 'device-stolen',
    message: /removed or replaced it/,
  },
  {
    step: 'PROVE_UUID',
    errno: 'ENXIO',
    kind: 'taken',
    code: 'device-stolen',
    message: /removed or replaced it/,
  },
  {
    step: 'PROVE_DISKSEQ',
    errno: 'ESTALE',
    kind: 'taken',
    code: 'device-stolen',
    message: /removed or replaced it/,
  },
  {
    step: 'DEFER_REMOVE',
    errno: 'EBUSY',
    kind: 'unsupported',
    code: 'deferred-remove-unsupported',
    message: /does not know deferred removal/,
    hint: /Linux 3\.13/,
  },
  {
    step: 'DEFER_REMOVE',
    errno: 'ENXIO',
    kind: 'taken',
    code: 'device-stolen',
    message: /removed or replaced it/,
  },
  {
    step: 'DEFER_REMOVE',
    errno: 'EIO',
    kind: 'kernel',
    code: 'kernel-refused',
    message: /DM_DEV_REMOVE, deferred: EIO/,
  },
  {
    step: 'LOAD',
    errno: 'ENXIO',
    kind: 'taken',
    code: 'device-stolen',
    message: /removed or replaced it/,
    log: ['device-mapper: ioctl: device has been removed from the dev hash table.'],
  },
  { step: 'RESUME', errno: 'ENXIO', kind: 'taken', code: 'device-stolen', message: /removed or replaced it/ },
  {
    step: 'RESUME',
    errno: 'EINVAL',
    kind: 'kernel',
    code: 'kernel-refused',
    message: /DM_DEV_SUSPEND, resume: EINVAL/,
  },
  { step: 'LOAD', errno: 'ENXIO', kind: 'taken', code: 'device-stolen', message: /removed or replaced it/ },
  {
    step: 'LOAD',
    errno: 'ENXIO',
    kind: 'kernel',
    code: 'kernel-refused',
    message: /DM_TABLE_LOAD: ENXIO/,
    log: null,
    hint: /dmesg/,
  },
  {
    step: 'RESUME',
    errno: 'EINVAL',
    kind: 'kernel',
    code: 'kernel-refused',
    message: /DM_DEV_SUSPEND, resume: EINVAL/,
    log: [SMALL],
    hint: /smaller than start plus length/,
  },
  { step: 'MEASURE', errno: 'EIO', kind: 'kernel', code: 'kernel-refused', message: /BLKGETSIZE64: EIO/ },
];

/** What the words are about, of a request whose table needs no file. */
function planned(request: TableRequest) {
  const { name, uuid, mode, content } = checkRequest(request);
  if (!('table' in content)) throw new Error('the table is not known yet');
  return { name, uuid, mode, table: content.table };
}

describe('a failed creation', () => {
  test.each(CASES)(
    '$step, $errno: $message',
    ({ step, errno, kind, code, message, hint, log, answer, request }) => {
      const checked = planned({ name: 'mine', table: '0 8 zero', ...request });
      const outcome = creation({
        result: -constants.errno[errno],
        failedStep: step,
        ...(answer === undefined ? {} : { answer }),
      });
      const error = explainFailure(checked, outcome, log === null ? undefined : (log ?? []));
      expect(error).toMatchObject({
        kind,
        code,
        errno,
        device: 'mine',
        operation: stepWords(step),
        kernelLog: log ?? [],
      });
      expect(error.message).toMatch(/^device mine: /);
      expect(error.message).toMatch(message);
      if (hint !== undefined) expect(error.hint).toMatch(hint);
    },
  );

  test('that could not be taken back says so, and what to do', () => {
    const outcome = creation({
      result: -constants.errno.EIO,
      failedStep: 'DEFER_REMOVE',
      trace: rolledBack(-constants.errno.EBUSY),
    });
    const error = explainFailure(planned({ name: 'mine', table: '0 8 zero' }), outcome, []);
    expect(error).toMatchObject({ kind: 'kernel', code: 'left-behind', errno: 'EIO' });
    expect(error.message).toMatch(
      /^device mine: .*EIO, .*; it could not be taken back either \(EBUSY\), and is still there$/,
    );
    expect(error.hint).toBe('reapDevices() removes it');
    const chosen = explainFailure(planned({ name: 'mine', uuid: 'mine', table: '0 8 zero' }), outcome, []);
    expect(chosen.hint).toBe('reapDevices({ devices: ["mine"] }) removes it');
  });

  test('that was taken back does not', () => {
    const outcome = creation({
      result: -constants.errno.EIO,
      failedStep: 'DEFER_REMOVE',
      trace: rolledBack(0),
    });
    const error = explainFailure(planned({ name: 'mine', table: '0 8 zero' }), outcome, []);
    expect(error).toMatchObject({ code: 'kernel-refused', hint: undefined });
  });

  test('of a killed shield that could not be taken back does not say that it was', () => {
    const outcome = creation({
      result: -constants.errno.EINTR,
      failedStep: 'SHIELD',
      trace: rolledBack(-constants.errno.EBUSY),
    });
    const error = explainFailure(planned({ name: 'mine', table: '0 8 zero' }), outcome, []);
    expect(error).toMatchObject({
      code: 'left-behind',
      message:
        'device mine: the process that was making it was killed; it could not be taken back either (EBUSY), and is still there',
    });
  });

  test('is explained for every step that can be the one', () => {
    const never = ['ROLLBACK'];
    const covered = new Set([...CASES.map(({ step }) => step), ...never]);
    expect(CREATION_STEPS.filter((step) => !covered.has(step))).toEqual([]);
  });
});
