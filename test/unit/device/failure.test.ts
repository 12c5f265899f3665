import { constants } from 'node:os';
import { describe, expect, test } from 'vitest';
import { explainFailure } from '../../../src/device/failure.js';
import { checkRequest, type DeviceRequest } from '../../../src/device/request.js';
import type { ErrorKind } from '../../../src/errors.js';
import { nameStep, SHIM_STEPS } from '../../../src/kernel/steps.js';
import { creation } from '../support/device.js';

interface Case {
  readonly step: keyof typeof SHIM_STEPS;
  readonly errno: keyof typeof constants.errno;
  readonly kind: ErrorKind;
  readonly message: RegExp;
  readonly hint?: RegExp;
  /** null: it cannot be read. */
  readonly log?: readonly string[] | null;
  readonly answer?: number;
  readonly request?: Partial<DeviceRequest>;
}

const LOOKUP = 'device-mapper: table: 254:1: linear: Device lookup failed (-ENODEV)';
const UNKNOWN = 'device-mapper: table: 254:1: nosuch: unknown target type';
const SMALL = 'device-mapper: table: 254:1: loop1 too small for target: start=0, len=8, dev_size=4';
const COUNT = 'device-mapper: table: 254:1: linear: Invalid argument count (-EINVAL)';

const CASES: readonly Case[] = [
  { step: 'SHIELD', errno: 'EINTR', kind: 'system', message: /was killed; everything was taken back/ },
  {
    step: 'SHIELD',
    errno: 'EAGAIN',
    kind: 'system',
    message: /start the shielded section: EAGAIN/,
    hint: /ulimit -u/,
  },
  { step: 'KEY', errno: 'ENODATA', kind: 'usage', message: /the key is empty/ },
  { step: 'KEY', errno: 'EMSGSIZE', kind: 'usage', message: /longer than 4096 bytes/, hint: /head -c/ },
  { step: 'KEY', errno: 'EPIPE', kind: 'system', message: /that had the key was killed/ },
  { step: 'KEY', errno: 'ENOMEM', kind: 'system', message: /locked memory.*ENOMEM/, hint: /ulimit -l/ },
  { step: 'KEY', errno: 'ENOSYS', kind: 'system', message: /ENOSYS/, hint: /--seccomp-bpf/ },
  { step: 'KEY', errno: 'EIO', kind: 'system', message: /the key cannot be read: EIO/ },
  {
    step: 'LOAD',
    errno: 'EPIPE',
    kind: 'system',
    message: /that had the key was killed; everything was taken/,
  },
  { step: 'CREATE', errno: 'EBUSY', kind: 'taken', message: /EBUSY, a device with that name or UUID exists/ },
  { step: 'CREATE_WITH_FD', errno: 'EBUSY', kind: 'taken', message: /exists/, hint: /choose another name/ },
  { step: 'CREATE_WITH_FD', errno: 'EACCES', kind: 'privilege', message: /EACCES/, hint: /CAP_SYS_ADMIN/ },
  { step: 'CREATE', errno: 'EPERM', kind: 'privilege', message: /EPERM/, hint: /CAP_SYS_ADMIN/ },
  { step: 'CREATE', errno: 'ENOMEM', kind: 'kernel', message: /DM_DEV_CREATE: ENOMEM/ },
  {
    step: 'CREATE_WITH_FD',
    errno: 'EOPNOTSUPP',
    kind: 'unsupported',
    message: /refuses DM_FILE_DESCRIPTOR_FLAG/,
    hint: /--mode auto/,
    request: { mode: 'atomic' },
  },
  {
    step: 'CHECK_ANSWER',
    errno: 'EOPNOTSUPP',
    kind: 'unsupported',
    message: /does not return a descriptor/,
    hint: /--mode auto/,
    answer: 0xffff_ffff,
  },
  {
    step: 'CHECK_ANSWER',
    errno: 'EOPNOTSUPP',
    kind: 'unsupported',
    message: /means something else .* it answered 0, which is not a descriptor of the new device/,
    hint: /--mode auto/,
    answer: 0,
  },
  {
    step: 'LOAD',
    errno: 'EINVAL',
    kind: 'kernel',
    message: /DM_TABLE_LOAD: EINVAL/,
    log: [UNKNOWN],
    hint: /no module dm-/,
  },
  {
    step: 'LOAD',
    errno: 'ENODEV',
    kind: 'kernel',
    message: /DM_TABLE_LOAD: ENODEV/,
    log: [LOOKUP],
    hint: /device/,
  },
  {
    step: 'LOAD',
    errno: 'EINVAL',
    kind: 'kernel',
    message: /EINVAL/,
    log: [SMALL],
    hint: /smaller than start plus length/,
  },
  {
    step: 'LOAD',
    errno: 'EINVAL',
    kind: 'kernel',
    message: /EINVAL/,
    log: [COUNT],
    hint: /arguments .* target: zero\)/,
  },
  { step: 'LOAD', errno: 'EBUSY', kind: 'kernel', message: /EBUSY/, hint: /exclusively/ },
  { step: 'LOAD', errno: 'ENOMEM', kind: 'kernel', message: /ENOMEM/, hint: /a table of 1 lines/ },
  {
    step: 'LOAD',
    errno: 'EINVAL',
    kind: 'kernel',
    message: /EINVAL/,
    hint: /device of 8 sectors, target: zero/,
  },
  { step: 'OPEN', errno: 'EMFILE', kind: 'kernel', message: /open the device node: EMFILE/ },
  {
    step: 'PRIVATE_NODE',
    errno: 'EPERM',
    kind: 'system',
    message: /\/dev has no node for it \(4095:1048575\), .* EPERM/,
    hint: /CAP_MKNOD/,
  },
  { step: 'LOAD', errno: 'ENXIO', kind: 'taken', message: /removed or replaced it/ },
  {
    step: 'LOAD',
    errno: 'ENXIO',
    kind: 'kernel',
    message: /DM_TABLE_LOAD: ENXIO/,
    log: ['device-mapper: table: 254:1: linear: Device lookup failed (-ENXIO)'],
    hint: /there is no block device/,
  },
  { step: 'OPEN', errno: 'ENXIO', kind: 'taken', message: /removed or replaced it/ },
  { step: 'PRIVATE_NODE', errno: 'ENXIO', kind: 'taken', message: /removed or replaced it/ },
  { step: 'PROVE_NUMBER', errno: 'ESTALE', kind: 'taken', message: /removed or replaced it/ },
  { step: 'PROVE_UUID', errno: 'ENXIO', kind: 'taken', message: /removed or replaced it/ },
  { step: 'PROVE_DISKSEQ', errno: 'ESTALE', kind: 'taken', message: /removed or replaced it/ },
  {
    step: 'DOOM',
    errno: 'EBUSY',
    kind: 'unsupported',
    message: /does not know deferred removal/,
    hint: /Linux 3\.13/,
  },
  { step: 'DOOM', errno: 'ENXIO', kind: 'taken', message: /removed or replaced it/ },
  { step: 'DOOM', errno: 'EIO', kind: 'kernel', message: /DM_DEV_REMOVE, deferred: EIO/ },
  { step: 'RESUME', errno: 'ENXIO', kind: 'taken', message: /removed or replaced it/ },
  { step: 'RESUME', errno: 'EINVAL', kind: 'kernel', message: /DM_DEV_SUSPEND, resume: EINVAL/ },
  { step: 'LOAD', errno: 'ENXIO', kind: 'taken', message: /removed or replaced it/ },
  { step: 'LOAD', errno: 'ENXIO', kind: 'kernel', message: /DM_TABLE_LOAD: ENXIO/, log: null, hint: /dmesg/ },
  {
    step: 'RESUME',
    errno: 'EINVAL',
    kind: 'kernel',
    message: /DM_DEV_SUSPEND, resume: EINVAL/,
    log: [SMALL],
    hint: /smaller than start plus length/,
  },
  { step: 'MEASURE', errno: 'EIO', kind: 'kernel', message: /BLKGETSIZE64: EIO/ },
];

describe('a failed creation', () => {
  test.each(CASES)(
    '$step, $errno: $message',
    ({ step, errno, kind, message, hint, log, answer, request }) => {
      const checked = checkRequest({ name: 'mine', table: '0 8 zero', ...request });
      const outcome = creation({
        result: -constants.errno[errno],
        failedStep: SHIM_STEPS[step],
        ...(answer === undefined ? {} : { answer }),
      });
      const error = explainFailure(checked, outcome, log === null ? undefined : (log ?? []));
      expect(error).toMatchObject({
        kind,
        errno,
        device: 'mine',
        operation: nameStep(SHIM_STEPS[step]),
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
      failedStep: SHIM_STEPS.DOOM,
      rollback: -constants.errno.EBUSY,
    });
    const error = explainFailure(checkRequest({ name: 'mine', table: '0 8 zero' }), outcome, []);
    expect(error).toMatchObject({ kind: 'kernel', errno: 'EIO' });
    expect(error.hint).toMatch(/could not be taken back either \(EBUSY\).*"dmfd reap" removes it/);
  });

  test('is explained for every step that can be the one', () => {
    const never = ['ROLLBACK'];
    const covered = new Set([...CASES.map(({ step }) => step), ...never]);
    expect(Object.keys(SHIM_STEPS).filter((step) => !covered.has(step))).toEqual([]);
  });
});
