/** When a wait ends, whatever it was for: an operation that waits several times has one. */
export class Deadline {
  readonly #at: number;

  /** @param milliseconds from now */
  constructor(readonly milliseconds: number) {
    this.#at = performance.now() + milliseconds;
  }

  /** Milliseconds, 0 when the time is up. */
  left(): number {
    return Math.max(0, Math.ceil(this.#at - performance.now()));
  }
}
