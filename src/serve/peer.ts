import { numbersOf } from '../kernel/layout.js';
import { shim } from '../kernel/shim.js';

const WORDS = {
  unseen: 'it is a process that cannot be seen from here, or has ended',
  user: 'it runs as another user',
  capabilities: 'it does not have all capabilities that the service has',
  filter: 'it has a filter of system calls (seccomp)',
  namespace: 'it is in another namespace',
  root: 'it has another root directory',
} as const;

const inequalities = numbersOf('inequality', Object.keys(WORDS) as (keyof typeof WORDS)[]);

/**
 * Why the process at the other end of a connection is not this one's equal, which may do all by itself that it asks for; undefined when
 * it is.
 */
export function inequalityOf(connection: number): string | undefined {
  const result = shim.equalPeer(connection);
  if (result > 0) return undefined;
  const [, words = WORDS.unseen] =
    Object.entries(WORDS).find(([name]) => inequalities()[name as keyof typeof WORDS] === -result) ?? [];
  return words;
}
