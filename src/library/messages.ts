import { DmfdError, detailsOf, type ErrorCode, type ErrorDetails } from '../errors.js';
import type { Cancellation } from '../kernel/cancellation.js';
import type { Step } from '../kernel/step.js';
import type { OperationName } from './operations.js';

/** To a thread: one thing to do. */
export interface Task {
  readonly operation: OperationName;
  readonly request: unknown;
  /** There is a listener for the steps. */
  readonly tellSteps: boolean;
  readonly cancellation: Cancellation | undefined;
}

/** From a thread: steps as they are made, then one of the others. */
export type Report =
  | { readonly step: Step }
  | { readonly result: unknown }
  | { readonly canceled: true }
  | { readonly failure: PortableError };

/** An error that can pass between threads, where classes and their own fields do not. */
export type PortableError =
  | { readonly code: ErrorCode; readonly message: string; readonly details: ErrorDetails }
  | { readonly other: unknown };

export function toPortable(error: unknown): PortableError {
  if (!(error instanceof DmfdError)) return { other: error };
  return { code: error.code, message: error.message, details: detailsOf(error) };
}

export function fromPortable(error: PortableError): unknown {
  return 'code' in error ? new DmfdError(error.code, error.message, error.details) : error.other;
}
