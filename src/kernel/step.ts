/** One thing of devices that was asked of the kernel, for `-v` and for error messages; how files are opened and read is none. */
export interface Step {
  /** What was done, as a person would say it. */
  readonly what: string;
  /** `ok`, or the errno's name. */
  readonly result: string;
  readonly nanoseconds: number;
}

/** Is told every step, in order. */
export type StepListener = (step: Step) => void;
