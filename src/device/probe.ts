import type { TargetVersion } from '../dm/lists.js';
import { DmfdError } from '../errors.js';
import { DmControl } from '../kernel/dm-control.js';
import { resultName } from '../kernel/errno.js';
import type { Kernel } from '../kernel/kernel.js';
import { type LoopFeatures, probeLoop } from '../loop/probe.js';
import { makeAndTell } from './create.js';
import type { CreationResult } from './creation.js';
import { checkRequest } from './request.js';
import type { CreationStep } from './steps.js';

/** The abilities of this machine. */
export interface Probe {
  /** `create` can work. */
  readonly usable: boolean;
  /** Why not. */
  readonly reasons: readonly string[];
  /** Of the device-mapper user API, `4.47.0`; undefined when the driver could not be asked. */
  readonly driverVersion: string | undefined;
  /** The target types whose modules are loaded; the kernel loads others when a table names them. */
  readonly targets: readonly TargetVersion[];
  /** The mode that `create` would have. */
  readonly mode: 'atomic' | 'fallback' | undefined;
  /** The kernel's answer to the request for a descriptor, in words. */
  readonly descriptorAnswer: string | undefined;
  /** undefined, here and below, when no device could be made to try it on. */
  readonly deferredRemove: boolean | undefined;
  /** The identity is proved by disk sequence number, too. */
  readonly diskseq: boolean | undefined;
  readonly loop: LoopFeatures;
}

/** Finds out by trying: makes a device of one sector that answers every read with an error, and drops it. */
export function probe(kernel: Kernel): Probe {
  const driver = attempt(() => askDriver(kernel));
  const trial = driver instanceof DmfdError ? driver : attempt(() => tryDevice(kernel));
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
    loop: probeLoop(kernel),
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
function knownLack({ code }: DmfdError): false | undefined {
  return code === 'deferred-remove-unsupported' ? false : undefined;
}

function askDriver(kernel: Kernel): { version: string; targets: TargetVersion[] } {
  return DmControl.with(kernel, (dm) => ({ version: dm.version(), targets: dm.loadedTargets() }));
}

function tryDevice(kernel: Kernel): {
  mode: 'atomic' | 'fallback';
  answer: string;
  diskseq: boolean;
} {
  const { device, result } = makeAndTell(kernel, checkRequest({ table: '0 1 error' }));
  device.close();
  return { mode: device.mode, answer: describeAnswer(result), diskseq: device.diskseq !== 0n };
}

function describeAnswer({ trace }: CreationResult): string {
  const resultOf = (wanted: CreationStep): string =>
    resultName(trace.find(({ step }) => step === wanted)?.result ?? 0);
  const asked = resultOf('CREATE_WITH_FD');
  if (asked !== 'ok') return `refuses the flag with ${asked}`;
  const checked = resultOf('CHECK_ANSWER');
  if (checked === 'ok') return 'returns the descriptor';
  if (checked === 'EOPNOTSUPP') return 'ignores the flag';
  return `means something else by the flag: its answer fails the check with ${checked}`;
}
