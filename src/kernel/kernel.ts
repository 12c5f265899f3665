import type { DmfdError } from '../errors.js';
import { type Cancellation, pauseUnlessCanceled, throwIfCanceled } from './cancellation.js';
import { describeErrno, errnoError, type Failure, resultName, resultOf } from './errno.js';
import type { Step, StepListener } from './step.js';

/**
 * The kernel, as one operation of dmfd's asks it: each call made here is told to the operation's listener, each failure becomes an
 * error here. What a listener throws is kept until the operation has cleared up: see {@link operate}.
 */
export class Kernel {
  #listener: StepListener | undefined;
  #thrown: { readonly error: unknown } | undefined;
  readonly cancellation: Cancellation | undefined;

  constructor(listener?: StepListener, cancellation?: Cancellation) {
    this.#listener = listener;
    this.cancellation = cancellation;
  }

  /** Tells the listener what was done; it is told nothing more once it has thrown. */
  tell(step: Step): void {
    try {
      this.#listener?.(step);
    } catch (error) {
      this.#thrown = { error };
      this.#listener = undefined;
    }
  }

  /**
   * Makes a call and tells how it went. Returns what the call returned: a negative errno for a failure, those that Node's
   * own file functions throw included.
   */
  call(what: string, action: () => number): number {
    if (this.#listener === undefined) return resultOf(action);
    const since = process.hrtime.bigint();
    const result = resultOf(action);
    this.tell({
      what,
      result: resultName(result),
      nanoseconds: Number(process.hrtime.bigint() - since),
    });
    return result;
  }

  /** As {@link call}, for calls where every errno is a failure. @throws DmfdError */
  must(operation: string, action: () => number, failure?: Failure): number {
    const result = this.call(operation, action);
    if (result < 0) throw this.failure(operation, result, failure);
    return result;
  }

  /** The error for a call that returned this negative errno. */
  failure(operation: string, result: number, failure?: Failure): DmfdError {
    return errnoError(operation, describeErrno(-result), failure);
  }

  /** Stops this thread for that many milliseconds, between two tries. @throws Canceled */
  pause(milliseconds: number): void {
    pauseUnlessCanceled(milliseconds, this.cancellation);
  }

  /** Between two things that are done one after the other. @throws Canceled */
  throwIfCanceled(): void {
    throwIfCanceled(this.cancellation);
  }

  /** The first thing that the listener threw. */
  get thrown(): { readonly error: unknown } | undefined {
    return this.#thrown;
  }
}

/**
 * Does one operation with a kernel of its own. When the listener threw, what was made is undone, and its error thrown.
 *
 * @param undo takes back what the work returned
 */
export function operate<T>(
  listener: StepListener | undefined,
  cancellation: Cancellation | undefined,
  work: (kernel: Kernel) => T,
  undo?: (made: T, kernel: Kernel) => void,
): T {
  const kernel = new Kernel(listener, cancellation);
  let made: T;
  try {
    made = work(kernel);
  } catch (error) {
    throw kernel.thrown === undefined ? error : kernel.thrown.error;
  }
  if (kernel.thrown === undefined) return made;
  undo?.(made, kernel);
  throw kernel.thrown.error;
}
