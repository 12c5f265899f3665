/**
 * How another thread ends the waits of an operation: by a number in shared memory that is no longer 0, and, for what waits
 * in the shim, by a descriptor (eventfd) that becomes readable.
 */
export interface Cancellation {
  readonly flag: Int32Array;
  readonly event: number;
}

/** Thrown by an operation that was canceled, when it has cleared up. */
export class Canceled extends Error {
  constructor() {
    super('the operation was canceled');
  }
}

/** Milliseconds. */
let waitsLeft = Number.POSITIVE_INFINITY;

/**
 * From here on, whatever waits in this thread for more than that, all together, ends as an operation that is canceled does: the thread
 * has others to serve. Without a time, nothing does any more.
 */
export function waitAtMost(milliseconds = Number.POSITIVE_INFINITY): void {
  waitsLeft = milliseconds;
}

const nobodyWakes = new Int32Array(new SharedArrayBuffer(4));

/** Stops this thread for that long. @throws Canceled */
export function pauseUnlessCanceled(milliseconds: number, cancellation: Cancellation | undefined): void {
  const flag = cancellation?.flag ?? nobodyWakes;
  if (milliseconds > waitsLeft) throw new Canceled();
  waitsLeft -= milliseconds;
  if (milliseconds > 0) Atomics.wait(flag, 0, 0, milliseconds);
  throwIfCanceled(cancellation);
}

/** @throws Canceled */
export function throwIfCanceled(cancellation: Cancellation | undefined): void {
  if (cancellation !== undefined && Atomics.load(cancellation.flag, 0) !== 0) throw new Canceled();
}
