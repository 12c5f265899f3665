import { setTimeout as sleep } from 'node:timers/promises';
import type { Device } from '../device/handle.js';
import { DmfdError } from '../errors.js';
import { shim } from '../kernel/shim.js';
import { bytesOf, toBuffer } from './bytes.js';
import { connectTo } from './connect.js';
import { type SocketUse, socketFailed } from './socket-failure.js';
import { isHeldByProcess, isStillHeld } from './still-held.js';

/** Milliseconds. */
const LIMIT = 10_000;
const LONGEST_PAUSE = 100;

/**
 * Sends the descriptor, with the first byte of the payload, to the server at a unix socket (stream, seqpacket or
 * datagram), waits until it has been read, and closes our own copy: the device is the receiver's.
 *
 * @param socket a path, or `@` and an abstract name
 * @param payload not empty
 * @param uid the user, beside root and this process's, whose server may have it
 * @throws DmfdError when there is no such server, or when it is another user's; when it did not read within 10 seconds, or did
 *   not keep what it got
 */
export async function sendDescriptor(
  device: Device,
  socket: string,
  payload: string,
  uid?: number,
): Promise<void> {
  const use: SocketUse = {
    operation: 'sending the descriptor to',
    address: bytesOf(socket),
    serverHint: 'start the receiver first',
    stranger: { code: 'receiver-not-trusted', hint: 'name the user, if it may have the device all the same' },
  };
  const connection = connectTo(use, { datagrams: false, limit: LIMIT, uid });
  try {
    const bytes = toBuffer(bytesOf(payload));
    const sent = shim.send(connection, bytes, bytes.length, device.fd);
    if (sent < 0) throw socketFailed(use, -sent);
    if (sent < bytes.length) throw notRead(device, socket, 'all that it was sent');
    if (!(await isRead(connection, device))) throw notRead(device, socket, 'the descriptor');
  } finally {
    shim.close(connection);
  }
  device.close();
  if (!(await isStillHeld(device))) throw notKept(device, socket);
}

/** A receiver that has the descriptor has read enough, whatever it thinks of the payload. */
async function isRead(connection: number, device: Device): Promise<boolean> {
  const limit = performance.now() + LIMIT;
  for (let pause = 1; shim.unread(connection) !== 0; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
    if (pause === LONGEST_PAUSE && isHeldByProcess(device)) return true;
    if (performance.now() >= limit) return false;
    await sleep(pause);
  }
  return true;
}

/** A descriptor that was sent cannot be taken back. */
function notRead(device: Device, socket: string, what: string): DmfdError {
  return new DmfdError(
    'receiver-failed',
    `device ${device.name}: the server at ${socket} did not read ${what} within ${LIMIT / 1000} s`,
    {
      operation: 'send the descriptor',
      errno: 'ETIMEDOUT',
      device: device.name,
      hint: "it waits in the server's queue, and the device with it, until the server reads it or ends",
    },
  );
}

function notKept(device: Device, socket: string): DmfdError {
  return new DmfdError(
    'receiver-failed',
    `device ${device.name}: the server at ${socket} did not keep the descriptor`,
    {
      operation: 'send the descriptor',
      device: device.name,
      hint: 'it closed the connection without reading, or read without room for a descriptor (recvmsg with control data)',
    },
  );
}
