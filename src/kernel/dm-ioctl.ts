import { decodeReply, encodeRequest, type RequestHeader } from '../dm/header.js';
import { COMMANDS, type CommandName, FLAGS, MAX_DATA_SIZE } from '../dm/protocol.js';
import { DmfdError, PRIVILEGE_HINT } from '../errors.js';
import { describeErrno } from './errno.js';
import { shim } from './shim.js';
import { type StepListener, timed } from './steps.js';

const FIRST_REPLY_SIZE = 16 * 1024;

/** The commands that only look. What changes a device goes through the shield; see native-shims/device/create.c. */
export type Query = Extract<
  CommandName,
  'VERSION' | 'LIST_DEVICES' | 'DEV_STATUS' | 'TABLE_STATUS' | 'LIST_VERSIONS' | 'GET_TARGET_VERSION'
>;

/** Asks device-mapper, with a buffer that grows until the reply fits. Returns the reply, or a negative errno. */
export function queryDm(
  control: number,
  command: Query,
  header: RequestHeader,
  onStep?: StepListener,
): Buffer | number {
  for (let size = FIRST_REPLY_SIZE; ; size *= 4) {
    const buffer = encodeRequest(header, size);
    const result = timed(onStep, `DM_${command}`, () => shim.ioctl(control, COMMANDS[command], buffer));
    if (result < 0) return result;
    if ((decodeReply(buffer).flags & FLAGS.BUFFER_FULL) === 0 || size > MAX_DATA_SIZE / 4) return buffer;
  }
}

/** Changes a device outside a creation, where nothing can leak by being killed: one call, one state. */
export function removeDeferred(control: number, request: Buffer, onStep?: StepListener): number {
  return timed(onStep, 'DM_DEV_REMOVE, deferred', () => shim.ioctl(control, COMMANDS.DEV_REMOVE, request));
}

/** Like {@link queryDm}, for a caller to whom every errno is a failure. @throws DmfdError `privilege` or `kernel` */
export function queryDmOrThrow(
  control: number,
  command: Query,
  header: RequestHeader,
  onStep?: StepListener,
): Buffer {
  const reply = queryDm(control, command, header, onStep);
  if (typeof reply !== 'number') return reply;
  const errno = describeErrno(-reply);
  const operation = `DM_${command}`;
  if (errno.name === 'EACCES' || errno.name === 'EPERM') {
    throw new DmfdError('privilege', `${operation}: ${errno.name}, ${errno.words}`, {
      operation,
      errno: errno.name,
      hint: PRIVILEGE_HINT,
    });
  }
  throw new DmfdError('kernel', `${operation}: ${errno.name}, ${errno.words}`, {
    operation,
    errno: errno.name,
  });
}
