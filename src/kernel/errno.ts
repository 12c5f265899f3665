import { constants } from 'node:os';
import { getSystemErrorMap } from 'node:util';
import { DmfdError, type ErrorCode, type ErrorDetails } from '../errors.js';

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
  126: ['ENOKEY', 'required key not available'],
  127: ['EKEYEXPIRED', 'key has expired'],
  128: ['EKEYREVOKED', 'key has been revoked'],
  129: ['EKEYREJECTED', 'key was rejected by service'],
};

/** A system call's error, by its positive number. */
export interface Errno {
  readonly number: number;
  readonly name: string;
  /** The usual English words for it. */
  readonly words: string;
}

/** Node makes a new one each time that it is asked. */
let systemErrors: ReturnType<typeof getSystemErrorMap> | undefined;

export function describeErrno(number: number): Errno {
  systemErrors ??= getSystemErrorMap();
  const [name, words] = OURS[number] ?? systemErrors.get(-number) ?? unknown(number);
  return { number, name, words };
}

/** The name of the errno that a call returned as a negative number; `ok` for any other result. */
export function resultName(result: number): string {
  return result < 0 ? describeErrno(-result).name : 'ok';
}

/** The errno of an error that Node's own file functions threw; no instance of this realm's Error where a test has one of its own. */
export function errnoOf(error: unknown): Errno | undefined {
  const errno = typeof error === 'object' && error !== null && 'errno' in error ? error.errno : undefined;
  return typeof errno === 'number' ? describeErrno(-errno) : undefined;
}

/** What the action returns, or a negative errno where a file function of Node's throws one. */
export function resultOf(action: () => number): number {
  try {
    return action();
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    return -errno.number;
  }
}

/** Of descriptors or memory: it passes. */
export const SHORTAGES: readonly string[] = ['EMFILE', 'ENFILE', 'ENOMEM'];

export function isRefusal({ name }: Errno): boolean {
  return name === 'EACCES' || name === 'EPERM';
}

/** How a call that failed is told. */
export interface Failure extends Omit<ErrorDetails, 'operation' | 'errno'> {
  /** Default: `not-permitted` for EACCES and EPERM, else `kernel-refused`. */
  readonly code?: ErrorCode | undefined;
  /** The beginning of the message: `device NAME`. */
  readonly subject?: string | undefined;
  /** Stands for `operation: errno, words` in the message. */
  readonly said?: string | undefined;
}

/** The one place where what was asked and the errno that came back become an error. */
export function errnoError(operation: string, errno: Errno, failure: Failure = {}): DmfdError {
  const { code, subject, said, ...details } = failure;
  const message = said ?? `${operation}: ${errno.name}, ${errno.words}`;
  return new DmfdError(
    code ?? (isRefusal(errno) ? 'not-permitted' : 'kernel-refused'),
    subject === undefined ? message : `${subject}: ${message}`,
    { ...details, operation, errno: errno.name },
  );
}

function unknown(number: number): readonly [string, string] {
  const entry = Object.entries(constants.errno).find(([, value]) => value === number);
  return [entry?.[0] ?? `errno ${number}`, 'unknown error'];
}
