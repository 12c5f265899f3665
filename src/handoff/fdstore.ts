import type { Device } from '../device/handle.js';
import { DmfdError } from '../errors.js';
import { shim } from '../kernel/shim.js';
import { type Bytes, show, toBuffer } from './bytes.js';
import { connectTo } from './connect.js';
import { variable } from './environment.js';
import { type SocketUse, socketFailed } from './socket-failure.js';
import { isStillHeld } from './still-held.js';

/** Milliseconds in which a service manager has to deal with a message. */
const LIMIT = 5000;
const LONGEST_NAME = 255;

/**
 * The service manager's socket, which it names in the environment of the services that may write to it.
 *
 * @throws DmfdError `usage` when there is none, or none that takes descriptors
 */
export function findNotifySocket(environment: readonly Bytes[]): Bytes {
  const socket = variable(environment, 'NOTIFY_SOCKET');
  if (socket === undefined || socket === '') {
    throw unusable(
      'there is no service manager to give the descriptor to: NOTIFY_SOCKET is not set',
      'run dmfd from a unit that has FileDescriptorStoreMax=1 and NotifyAccess=exec (main is for ExecStart= alone)',
    );
  }
  if (socket.startsWith('/') || socket.startsWith('@')) return socket;
  throw unusable(
    `NOTIFY_SOCKET is ${show(socket)}: descriptors can be sent to a path or to an abstract name only`,
  );
}

/**
 * A descriptor's name in LISTEN_FDNAMES, as systemd accepts it; it ignores another one silently.
 *
 * @throws DmfdError `usage`
 */
export function checkDescriptorName(name: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (name !== '' && name.length <= LONGEST_NAME && !/[\x00-\x1f\x7f-\uffff:]/.test(name)) return name;
  throw unusable(
    `${JSON.stringify(name)} cannot be the name of a descriptor`,
    `it has 1 to ${LONGEST_NAME} ASCII characters, without ":" and control characters; give the device such a name`,
  );
}

/**
 * Gives the descriptor to the service manager (sd_notify(3), FDSTORE=1), which keeps it as long as the unit lives and
 * passes it to the unit's processes under that name. Our own copy is closed then.
 *
 * @param socket as {@link findNotifySocket} gives it
 * @throws DmfdError when the manager could not be reached, did not answer, or did not keep it; then the device is gone
 *   as soon as ours is closed
 */
export async function storeDescriptor(device: Device, socket: Bytes): Promise<void> {
  const message = toBuffer(`FDSTORE=1\nFDNAME=${checkDescriptorName(device.name)}`);
  const use: SocketUse = {
    operation: 'giving the descriptor to the service manager at',
    address: socket,
    serverHint: 'NOTIFY_SOCKET comes from a manager that has ended, or from another mount namespace',
    stranger: {
      code: 'receiver-failed',
      hint: 'only a manager that runs as root, or as the same user as dmfd, gets the descriptor',
    },
  };
  const connection = connectTo(use, { datagrams: true, limit: LIMIT });
  try {
    check(use, shim.send(connection, message, message.length, device.fd));
    check(use, shim.notifyBarrier(connection, LIMIT));
  } finally {
    shim.close(connection);
  }
  device.close();
  if (await isStillHeld(device)) return;
  throw new DmfdError(
    'receiver-failed',
    `device ${device.name}: the service manager did not keep the descriptor`,
    {
      operation: 'FDSTORE=1',
      device: device.name,
      hint:
        'the unit needs FileDescriptorStoreMax= for as many descriptors as it stores, and a NotifyAccess= that ' +
        'includes this process: exec for what ExecStart= and its like name, all for what a script of theirs starts',
    },
  );
}

function check(use: SocketUse, result: number): void {
  if (result < 0) throw socketFailed(use, -result);
}

function unusable(message: string, hint?: string): DmfdError {
  return new DmfdError('invalid-request', message, { hint });
}
