import { DmfdError } from '../errors.js';

/** The command line is wrong; nothing was asked of the kernel. */
export function usageError(message: string, hint?: string): DmfdError {
  return new DmfdError('command-line', message, { hint });
}
