import type { Device } from '../device/handle.js';
import { DmfdError } from '../errors.js';
import { describeErrno, errnoError } from '../kernel/errno.js';
import { shim } from '../kernel/shim.js';
import { bytesOf } from './bytes.js';
import { callerArguments } from './caller.js';
import { type Command, commandAt, encodeCommand, encodeStrings } from './command.js';
import { executionFailed } from './find-command.js';
import { type EncodedCommand, HandedOver, type OwnedDescriptor, served } from './served.js';

/** How a command ended: with a status, or by a signal (its number). */
export type Ending = { readonly status: number } | { readonly signal: number };

/** A command that has started: it has all descriptors that were meant for it, and dmfd none of them any more. */
export interface RunningCommand {
  readonly pid: number;
  /** Returns when it has ended; passes on the signals that come to us meanwhile. Has to be called, once. */
  end(): Ending;
  /**
   * Becomes the launcher, which does all that is left: waits, passes on signals, and ends as the command does, in a fiftieth of
   * Node's memory. Returns where there is none; then `end` has to be called.
   */
  leaveToLauncher(): void;
}

/**
 * Starts a command with the device, of which our own copy is closed then.
 *
 * @throws DmfdError `command-not-found` or `command-not-executable` when it could not be started; the device is ours still
 * @throws HandedOver when it runs, as a child of the process that this one serves
 */
export function startCommand(command: Command, device: Device): RunningCommand {
  return withReadOnly(command, device, (readOnly) => {
    const encoded = encodeCommand(command, device, readOnly?.fd);
    handOver('start', command, encoded, [device, ...(readOnly === undefined ? [] : [readOnly])]);
    const { header, strings, descriptors } = encoded;
    const pid = shim.start(header, strings, descriptors);
    if (pid < 0) throw startFailed(command, header, -pid);
    device.release();
    return {
      pid,
      end: () => awaitEnd(header, pid),
      leaveToLauncher: () => leaveToLauncher(command.caller?.launcher, pid),
    };
  });
}

/** Has the process that this one serves, if it does, run the command: returns only where it serves none. */
function handOver(
  kind: 'start' | 'exec',
  command: Command,
  encoded: EncodedCommand,
  descriptors: readonly OwnedDescriptor[],
): void {
  const result = served()?.run(kind, encoded, descriptors);
  if (result === undefined) return;
  if (result < 0) throw startFailed(command, encoded.header, -result);
  throw new HandedOver();
}

/** As native-shims/launcher/wait.c reads it. */
const WAIT_VARIABLE = 'DMFD_WAIT';

/** With the words that dmfd was called with, by which people find it among other processes. */
function leaveToLauncher(launcher: string | undefined, pid: number): void {
  if (launcher === undefined) return;
  const argv = ['dmfd', ...callerArguments(process.argv.length - 2)];
  const envp = [`${WAIT_VARIABLE}=${process.pid}:${pid}`];
  const { header, strings } = encodeStrings(bytesOf(launcher), argv, envp);
  shim.leaveWait(header, strings);
}

function awaitEnd(header: Buffer, pid: number): Ending {
  const result = shim.wait(header, pid);
  if (result < 0) {
    throw errnoError('wait for the command', describeErrno(-result), {
      code: 'command-failed',
      subject: `process ${pid}`,
    });
  }
  const at = commandAt();
  const signal = header.readInt32LE(at.signal);
  return signal > 0 ? { signal } : { status: header.readInt32LE(at.exit_code) };
}

/** The second descriptor is the shim's to close once the command has it; until then it is ours. */
function withReadOnly<T>(
  command: Command,
  device: Device,
  use: (readOnly: OwnedDescriptor | undefined) => T,
): T {
  if (command.readOnlyFd === undefined) return use(undefined);
  const readOnly = owned(device.openReadOnly());
  try {
    return use(readOnly);
  } catch (error) {
    readOnly.close();
    throw error;
  }
}

function owned(fd: number): OwnedDescriptor {
  let isOpen = true;
  return {
    fd,
    close: () => {
      if (isOpen) shim.close(fd);
      isOpen = false;
    },
  };
}

/** Ends this process as the command ended. */
export function endAs(ending: Ending): never {
  if ('signal' in ending) {
    shim.dieOfSignal(ending.signal);
    endWith(128 + ending.signal);
  }
  endWith(ending.status);
}

/** Not by Node's exit, which puts back the terminal's modes as Node found them: the command may have set them. */
function endWith(status: number): never {
  shim.end(status);
  throw new Error('_exit returned');
}

/**
 * Becomes the command, which keeps this process's id.
 *
 * @throws DmfdError as {@link startCommand}
 */
export function becomeCommand(command: Command, device: Device): never {
  return withReadOnly(command, device, (readOnly) => {
    const encoded = encodeCommand(command, device, readOnly?.fd);
    handOver('exec', command, encoded, [device, ...(readOnly === undefined ? [] : [readOnly])]);
    const { header, strings, descriptors } = encoded;
    const result = shim.exec(header, strings, descriptors);
    if (result >= 0) throw new DmfdError('command-failed', 'execve returned without an error');
    throw startFailed(command, header, -result);
  });
}

function startFailed(command: Command, header: Buffer, errnoNumber: number): DmfdError {
  const errno = describeErrno(errnoNumber);
  if (header.readUInt32LE(commandAt().reached_execve) === 1) return executionFailed(command.file, errno);
  return errnoError('start the command', errno, {
    code: 'command-failed',
    said: `starting the command with the device as descriptor ${command.fd}: ${errno.name}, ${errno.words}`,
    hint: 'check the limits on processes, memory and descriptors (ulimit -u -v -n)',
  });
}
