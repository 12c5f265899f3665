import { constants } from 'node:os';
import { getSystemErrorMap } from 'node:util';

/** What libuv's list leaves out, or gives a name of its own, of the errors the calls made here can answer. */
const OURS: Readonly<Record<number, readonly [name: string, words: string]>> = {
  8: ['ENOEXEC', 'not a program this machine can execute'],
  10: ['ECHILD', 'no such child process'],
  15: ['ENOTBLK', 'block device required'],
  35: ['EDEADLK', 'resource deadlock avoided'],
  95: ['EOPNOTSUPP', 'operation not supported'],
  109: ['ETOOMANYREFS', 'too many descriptors are on their way in sockets'],
  116: ['ESTALE', 'it is not the same device any more'],
  122: ['EDQUOT', 'disk quota exceeded'],
};

/** A system call's error, by its positive number. */
export interface Errno {
  readonly number: number;
  readonly name: string;
  /** The usual English words for it. */
  readonly words: string;
}

export function describeErrno(number: number): Errno {
  const [name, words] = OURS[number] ?? getSystemErrorMap().get(-number) ?? unknown(number);
  return { number, name, words };
}

/** The errno of an error that Node's own file functions threw. */
export function errnoOf(error: unknown): Errno | undefined {
  if (!(error instanceof Error) || !('errno' in error) || typeof error.errno !== 'number') return undefined;
  return describeErrno(-error.errno);
}

function unknown(number: number): readonly [string, string] {
  const entry = Object.entries(constants.errno).find(([, value]) => value === number);
  return [entry?.[0] ?? `errno ${number}`, 'unknown error'];
}
