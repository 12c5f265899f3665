import { decodeReply } from '../dm/header.js';
import { decodeTargetVersions, type TargetVersion } from '../dm/lists.js';
import { DmfdError } from '../errors.js';
import { queryDmOrThrow } from '../kernel/dm-ioctl.js';
import { DM_CONTROL, withMiscDevice } from '../kernel/misc-device.js';
import type { Step, StepListener } from '../kernel/steps.js';
import { nameStep, SHIM_STEPS } from '../kernel/steps.js';
import { type LoopFeatures, probeLoop } from '../loop/probe.js';
import { createDevice } from './create.js';

/** What this machine can do. */
export interface Probe {
  /** `create` can work. */
  readonly usable: boolean;
  /** Why not. */
  readonly reasons: readonly string[];
  /** Of the device-mapper user API, `4.47.0`; undefined when the driver could not be asked. */
  readonly driverVersion: string | undefined;
  /** The target types whose modules are loaded; the kernel loads others when a table names them. */
  readonly targets: readonly TargetVersion[];
  /** What `create` would do. */
  readonly mode: 'atomic' | 'fallback' | undefined;
  /** What the kernel did when it was asked for a descriptor, in words. */
  readonly descriptorAnswer: string | undefined;
  /** undefined, here and below, when no device could be made to try it on. */
  readonly deferredRemove: boolean | undefined;
  /** The identity is proved by disk sequence number, too. */
  readonly diskseq: boolean | undefined;
  readonly loop: LoopFeatures;
}

/** Finds out by trying: makes a device of one sector that answers every read with an error, and drops it. */
export function probe(onStep?: StepListener): Probe {
  const driver = attempt(() => askDriver(onStep));
  const trial = driver instanceof DmfdError ? driver : attempt(() => tryDevice(onStep));
  const failure = trial instanceof DmfdError ? trial : undefined;
  const found = trial instanceof DmfdError ? undefined : trial;
  return {
    usable: failure === undefined,
    reasons: failure === undefined ? [] : [describeFailure(failure)],
    driverVersion: driver instanceof DmfdError ? undefined : driver.version,
    targets: driver instanceof DmfdError ? [] : driver.targets,
    mode: found?.mode,
    descriptorAnswer: found?.answer,
    deferredRemove: failure === undefined ? true : knownLack(failure),
    diskseq: found?.diskseq,
    loop: probeLoop(onStep),
  };
}

function attempt<T>(action: () => T): T | DmfdError {
  try {
    return action();
  } catch (error) {
    if (error instanceof DmfdError) return error;
    throw error;
  }
}

function describeFailure({ message, hint }: DmfdError): string {
  return hint === undefined ? message : `${message}; ${hint}`;
}

/** False when the trial failed for want of deferred removal; else nothing is known of it. */
function knownLack({ kind, operation }: DmfdError): false | undefined {
  return kind === 'unsupported' && operation === nameStep(SHIM_STEPS.DOOM) ? false : undefined;
}

function askDriver(onStep?: StepListener): { version: string; targets: TargetVersion[] } {
  return withMiscDevice(DM_CONTROL, onStep, (control) => ({
    version: decodeReply(queryDmOrThrow(control, 'VERSION', {}, onStep)).version.join('.'),
    targets: decodeTargetVersions(queryDmOrThrow(control, 'LIST_VERSIONS', {}, onStep)),
  }));
}

function tryDevice(onStep?: StepListener): {
  mode: 'atomic' | 'fallback';
  answer: string;
  diskseq: boolean;
} {
  const steps: Step[] = [];
  const listener: StepListener = (step) => {
    steps.push(step);
    onStep?.(step);
  };
  using device = createDevice({ table: '0 1 error', onStep: listener });
  return { mode: device.mode, answer: describeAnswer(steps), diskseq: device.diskseq !== 0n };
}

function describeAnswer(steps: readonly Step[]): string {
  const resultOf = (step: number): string | undefined =>
    steps.find(({ what }) => what === nameStep(step))?.result;
  const asked = resultOf(SHIM_STEPS.CREATE_WITH_FD);
  if (asked !== 'ok') return `refuses the flag with ${asked}`;
  const checked = resultOf(SHIM_STEPS.CHECK_ANSWER);
  if (checked === 'ok') return 'returns the descriptor';
  if (checked === 'EOPNOTSUPP') return 'ignores the flag';
  return `means something else by the flag: its answer fails the check with ${checked}`;
}
