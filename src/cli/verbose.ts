import type { StepListener } from '../kernel/steps.js';
import { say } from './output.js';

/** For `-v`: each call to the kernel on stderr, with what it came to and how long it took. */
export const tellStep: StepListener = ({ what, result, nanoseconds }) => {
  say(`dmfd: ${what}: ${result} (${(nanoseconds / 1e6).toFixed(3)} ms)`);
};
