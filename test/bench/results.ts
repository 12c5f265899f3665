import type { Outcome } from './measure.js';
import type { SwapCounts } from './swap-counts.js';

/** What has been measured, where, and with what. */
export interface Results {
  readonly conditions: Conditions;
  readonly outcomes: readonly Outcome[];
  readonly swap: readonly SwapCounts[];
}

export interface Conditions {
  readonly dmfd: string;
  readonly guestKernel: string;
  readonly node: string;
  readonly dmsetup: string;
  readonly cryptsetup: string;
  readonly qemu: string;
  readonly hostKernel: string;
  readonly processor: string;
  readonly rounds: number;
}
