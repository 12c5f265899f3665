const nobodyWakes = new Int32Array(new SharedArrayBuffer(4));

/** Stops this thread for that many milliseconds; for a retry within a synchronous call. */
export function pause(milliseconds: number): void {
  if (milliseconds > 0) Atomics.wait(nobodyWakes, 0, 0, milliseconds);
}
