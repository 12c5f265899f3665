import { DmfdError } from '../errors.js';
import { cString } from '../kernel/c-string.js';
import { shim } from '../kernel/shim.js';
import { show } from './bytes.js';
import { type SocketUse, socketFailed } from './socket-failure.js';

/** Which sockets will do, and how long may be waited for their server. */
export interface Acceptable {
  readonly datagrams: boolean;
  /** Milliseconds, for connecting and for each part that is sent. */
  readonly limit: number;
  /** The user, beside root and this process's, whose server may have the descriptor. */
  readonly uid?: number | undefined;
}

/** As DMFD_OWNER_UNKNOWN in native-shims/send. */
const UNKNOWN = 0xffff_ffff;

/**
 * Connects to the server at a unix socket. A descriptor of a device is as good as root's right to it, and a name may have been
 * taken by any user: the server has to be root's, or of this process's own user.
 *
 * @returns the connection
 * @throws DmfdError when there is no such server, or when it is another user's
 */
export function connectTo(use: SocketUse, { datagrams, limit, uid }: Acceptable): number {
  const owner = Buffer.alloc(4);
  const connection = shim.connect(cString(use.address, 'latin1'), datagrams ? 1 : 0, limit, owner);
  if (connection < 0) throw socketFailed(use, -connection);
  const found = owner.readUInt32LE();
  if (found !== UNKNOWN && [0, process.getuid?.(), uid].includes(found)) return connection;
  shim.close(connection);
  throw notTrusted(use, found);
}

function notTrusted({ operation, address, stranger }: SocketUse, found: number): DmfdError {
  const what = `${operation} ${show(address)}`;
  if (found === UNKNOWN) {
    return new DmfdError(
      'receiver-failed',
      `${what}: nobody can tell whose it is, a datagram socket with an abstract name`,
      { operation, hint: 'use one with a path, or of another type' },
    );
  }
  return new DmfdError(stranger.code, `${what}: it is user ${found}'s, neither root's nor your own`, {
    operation,
    hint: stranger.hint,
  });
}
