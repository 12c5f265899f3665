import { numbersOf } from '../kernel/layout.js';
import { type Bytes, bytesOf } from './bytes.js';
import { variable } from './environment.js';

/** Where the protocol of sd_listen_fds(3) has its first descriptor. */
export const FIRST_LISTEN_FD = 3;

/** The variables of that protocol; they are for one process, so no command inherits them. */
export const LISTEN_VARIABLES: readonly Bytes[] = [
  'LISTEN_PID',
  'LISTEN_FDS',
  'LISTEN_FDNAMES',
  'LISTEN_PIDFDID',
];

const limits = numbersOf('limit', ['pid_room']);

/** Stands for the pid of the process that will read it, which alone can know: the shim writes it. */
export function listenPidEntry(): Bytes {
  return `LISTEN_PID=${' '.repeat(limits().pid_room - 1)}`;
}

/**
 * The names of the descriptors, 3 and on, that this process was itself given by that protocol.
 *
 * @param open the caller's descriptors
 */
export function inheritedNames(environment: readonly Bytes[], pid: number, open: readonly number[]): Bytes[] {
  if (variable(environment, 'LISTEN_PID') !== String(pid)) return [];
  const count = Number(variable(environment, 'LISTEN_FDS') ?? '');
  if (!Number.isInteger(count) || count < 1) return [];
  const numbers = Array.from({ length: count }, (_, index) => FIRST_LISTEN_FD + index);
  if (!numbers.every((fd) => open.includes(fd))) return [];
  const names = variable(environment, 'LISTEN_FDNAMES')?.split(':') ?? [];
  return numbers.map((_, index) => names[index] || 'unknown');
}

/** The protocol's variables for descriptors of these names, from 3 on. */
export function listenVariables(names: readonly Bytes[]): Bytes[] {
  return [listenPidEntry(), `LISTEN_FDS=${names.length}`, `LISTEN_FDNAMES=${names.join(':')}`];
}

/** The names after those that were inherited. */
export function appendedNames(inherited: readonly Bytes[], name: string): Bytes[] {
  return [...inherited, bytesOf(name)];
}
