import { describeErrno } from './errno.js';

/** One thing that was asked of the kernel, for `-v` and for error messages. */
export interface Step {
  /** What was done, as a person would say it. */
  readonly what: string;
  /** `ok`, or the errno's name. */
  readonly result: string;
  readonly nanoseconds: number;
}

/** Is told every step, in order. */
export type StepListener = (step: Step) => void;

/** The steps of native-shims/dmfd.h, `enum dmfd_step`. */
export const SHIM_STEPS = {
  SHIELD: 1,
  CREATE_WITH_FD: 2,
  CHECK_ANSWER: 3,
  CREATE: 4,
  LOAD: 5,
  OPEN: 6,
  PRIVATE_NODE: 7,
  PROVE_NUMBER: 8,
  PROVE_UUID: 9,
  PROVE_DISKSEQ: 10,
  DOOM: 11,
  RESUME: 12,
  MEASURE: 13,
  ROLLBACK: 14,
  KEY: 15,
} as const;

const WORDS: Readonly<Record<number, string>> = {
  [SHIM_STEPS.SHIELD]: 'start the shielded section',
  [SHIM_STEPS.CREATE_WITH_FD]: 'DM_DEV_CREATE with DM_FILE_DESCRIPTOR_FLAG',
  [SHIM_STEPS.CHECK_ANSWER]: 'check the descriptor the kernel returned',
  [SHIM_STEPS.CREATE]: 'DM_DEV_CREATE',
  [SHIM_STEPS.LOAD]: 'DM_TABLE_LOAD',
  [SHIM_STEPS.OPEN]: 'open the device node',
  [SHIM_STEPS.PRIVATE_NODE]: 'open the device through a private node',
  [SHIM_STEPS.PROVE_NUMBER]: 'fstat: compare the device number',
  [SHIM_STEPS.PROVE_UUID]: 'DM_DEV_STATUS: compare the UUID',
  [SHIM_STEPS.PROVE_DISKSEQ]: 'BLKGETDISKSEQ: compare the disk sequence number',
  [SHIM_STEPS.DOOM]: 'DM_DEV_REMOVE, deferred',
  [SHIM_STEPS.RESUME]: 'DM_DEV_SUSPEND, resume',
  [SHIM_STEPS.MEASURE]: 'BLKGETSIZE64',
  [SHIM_STEPS.ROLLBACK]: 'take everything back',
  [SHIM_STEPS.KEY]: 'get the key, in a process of its own',
};

export function nameStep(step: number): string {
  return WORDS[step] ?? `step ${step}`;
}

/** `result` is what the call returned: negative for an errno. */
export function describeResult(result: number): string {
  return result < 0 ? describeErrno(-result).name : 'ok';
}

/** Calls, tells the listener how it went, and returns what the call returned. */
export function timed(listener: StepListener | undefined, what: string, action: () => number): number {
  const since = process.hrtime.bigint();
  const result = action();
  listener?.({
    what,
    result: describeResult(result),
    nanoseconds: Number(process.hrtime.bigint() - since),
  });
  return result;
}
