import type { DmfdError, ErrorCode } from '../errors.js';
import { describeErrno, errnoError, isRefusal } from '../kernel/errno.js';
import { statIfThere } from '../kernel/stat.js';
import { type Bytes, show, toBuffer } from './bytes.js';

/** An operation at a unix socket. */
export interface SocketUse {
  /** `sending the descriptor to` */
  readonly operation: string;
  /** A path, or `@` and an abstract name. */
  readonly address: Bytes;
  /** The hint where there is no such server. */
  readonly serverHint: string;
  /** The message for a server of another user's. */
  readonly stranger: { readonly code: ErrorCode; readonly hint: string };
}

/** Puts into words why a descriptor could not be given to the server at a unix socket. */
export function socketFailed(
  { operation, address, serverHint }: Omit<SocketUse, 'stranger'>,
  errnoNumber: number,
): DmfdError {
  const errno = describeErrno(errnoNumber);
  const { said, hint } = explain(errno.name, address, serverHint);
  return errnoError(operation, errno, {
    code: isRefusal(errno) ? 'not-permitted' : 'receiver-failed',
    said: `${operation} ${show(address)}: ${errno.name}, ${said ?? errno.words}`,
    hint,
  });
}

function explain(errno: string, address: Bytes, serverHint: string): { said?: string; hint?: string } {
  switch (errno) {
    case 'ENOENT':
      return { said: 'there is no such socket', hint: serverHint };
    case 'ECONNREFUSED':
      return isOtherThanSocket(address)
        ? { said: 'it is not a socket' }
        : { said: 'nobody listens there', hint: serverHint };
    case 'EACCES':
    case 'EPERM':
      return { hint: 'write permission on the socket is needed, and on its directories the one to search' };
    case 'EPROTOTYPE':
      return { said: 'it is a socket of another type' };
    case 'ENAMETOOLONG':
      return { hint: 'an abstract name has at most 107 bytes' };
    case 'EAGAIN':
      return { said: 'its queue stayed full', hint: 'the server does not read what it gets: is it stopped?' };
    case 'EPIPE':
    case 'ECONNRESET':
      return { said: 'the server closed the connection' };
    case 'ETIMEDOUT':
      return { said: 'it did not answer in time', hint: 'it may still read what it got, and keep it then' };
    case 'EMSGSIZE':
      return { hint: 'the server takes datagrams, and this one is too long for its buffer' };
    case 'ETOOMANYREFS':
      return { hint: 'servers have to read what was sent to them, or raise the limit (ulimit -n)' };
    default:
      return {};
  }
}

function isOtherThanSocket(address: Bytes): boolean {
  return !address.startsWith('@') && statIfThere(toBuffer(address))?.isSocket() === false;
}
