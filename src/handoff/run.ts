import type { Device } from '../device/handle.js';
import { DmfdError } from '../errors.js';
import { describeErrno } from '../kernel/errno.js';
import { COMMAND } from '../kernel/layout.js';
import { shim } from '../kernel/shim.js';
import { type Command, encodeCommand } from './command.js';
import { executionFailed } from './find-command.js';

/** How a command ended: with a status, or by a signal (its number). */
export type Ending = { readonly status: number } | { readonly signal: number };

/**
 * Runs a command with the device, of which our own copy is closed once the command has started; passes on the signals
 * that come to us; returns when it has ended.
 *
 * @throws DmfdError `command-not-found` or `command-not-executable` when it could not be started; the device is ours still
 */
export function runCommand(command: Command, device: Device): Ending {
  const { header, strings } = encodeCommand(command, device);
  const result = shim.run(header, strings);
  if (result < 0) throw startFailed(command, header, -result);
  device.release();
  const signal = header.readInt32LE(COMMAND.signal);
  return signal > 0 ? { signal } : { status: header.readInt32LE(COMMAND.exitCode) };
}

/** Ends this process as the command ended. */
export function endAs(ending: Ending): never {
  if ('signal' in ending) {
    shim.dieOfSignal(ending.signal);
    process.exit(128 + ending.signal);
  }
  process.exit(ending.status);
}

/**
 * Becomes the command, which keeps this process's id.
 *
 * @throws DmfdError as {@link runCommand}
 */
export function becomeCommand(command: Command, device: Device): never {
  const { header, strings } = encodeCommand(command, device);
  const result = shim.exec(header, strings);
  if (result >= 0) throw new DmfdError('system', 'execve returned without an error');
  throw startFailed(command, header, -result);
}

function startFailed(command: Command, header: Buffer, errnoNumber: number): DmfdError {
  if (header.readUInt32LE(COMMAND.reachedExecve) === 1) return executionFailed(command.file, errnoNumber);
  const { name, words } = describeErrno(errnoNumber);
  return new DmfdError(
    'system',
    `starting the command with the device as descriptor ${command.fd}: ${name}, ${words}`,
    {
      operation: 'start the command',
      errno: name,
      hint: 'check the limits on processes, memory and descriptors (ulimit -u -v -n)',
    },
  );
}
