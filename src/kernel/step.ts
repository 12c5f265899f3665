/** A request to the kernel about a device, for `-v` and for error messages; opening and reading files is none. */
export interface Step {
  /** The call in words. */
  readonly what: string;
  /** `ok`, or the errno's name. */
  readonly result: string;
  readonly nanoseconds: number;
}

/** Is told every step, in order. */
export type StepListener = (step: Step) => void;
