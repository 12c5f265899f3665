import type { ErrorKind } from '../errors.js';

/** What the shell sees when dmfd itself fails; a command's own status passes through. As env(1), nice(1) and nohup(1) have it. */
export const EXIT_CODES: Readonly<Record<ErrorKind, number>> = {
  usage: 125,
  privilege: 125,
  unsupported: 125,
  taken: 125,
  kernel: 125,
  system: 125,
  'command-not-executable': 126,
  'command-not-found': 127,
};
