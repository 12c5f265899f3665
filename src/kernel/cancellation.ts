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

let patience: { left: number; readonly whenOver: () => void } | undefined;

/**
 * Does something, once, when this thread has waited for so many milliseconds, all together, from here on: it has others to serve. What
 * waits then ends, if that throws.
 */
export function whenWaited(milliseconds: number, whenOver: () => void): void {
  patience = { left: milliseconds, whenOver };
}

/** From here on it may wait for as long as it likes. */
export function forgetWaits(): void {
  patience = undefined;
}

/** For {@link whenWaited}: what is, or was, waited for. */
export function countWait(milliseconds: number): void {
  if (patience === undefined) return;
  patience.left -= milliseconds;
  if (patience.left >= 0) return;
  const { whenOver } = patience;
  forgetWaits();
  whenOver();
}

const nobodyWakes = new Int32Array(new SharedArrayBuffer(4));

/** Stops this thread for that long. @throws Canceled, and what {@link whenWaited} throws */
export function pauseUnlessCanceled(milliseconds: number, cancellation: Cancellation | undefined): void {
  const flag = cancellation?.flag ?? nobodyWakes;
  countWait(milliseconds);
  if (milliseconds > 0) Atomics.wait(flag, 0, 0, milliseconds);
  throwIfCanceled(cancellation);
}

/** @throws Canceled */
export function throwIfCanceled(cancellation: Cancellation | undefined): void {
  if (cancellation !== undefined && Atomics.load(cancellation.flag, 0) !== 0) throw new Canceled();
}
