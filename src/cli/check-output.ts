import { callerDescriptors } from '../handoff/caller.js';
import { usageError } from './usage-error.js';

/**
 * Node opens /dev/null in place of a closed standard output; what is written there would be lost.
 *
 * @param use what it is needed for
 * @param otherwise what else could be done than to open it
 * @throws DmfdError `usage`
 */
export function checkOutput(use: string, otherwise = ''): void {
  if (callerDescriptors().includes(1)) return;
  throw usageError(`standard output is closed, and ${use}`, `redirect it (>FILE, >/dev/null)${otherwise}`);
}
