import type { Device } from '../device/handle.js';
import { numbersOf } from '../kernel/layout.js';
import { type Bytes, toBuffer } from './bytes.js';
import { callerDescriptors } from './caller.js';
import { type CallerState, encodeCallerState } from './caller-state.js';
import { describeDevice } from './describe.js';
import { encodeDescriptors, planDescriptors } from './descriptors.js';
import { commandEnvironment } from './environment.js';
import { appendedNames, LISTEN_VARIABLES, listenPidEntry, listenVariables } from './listen.js';
import { fillPlaceholders } from './placeholders.js';
import { type EncodedCommand, served } from './served.js';

/** A command that will get the device. */
export interface Command {
  /** The file to execute. */
  readonly file: Bytes;
  /** argv, its first word included. */
  readonly words: readonly Bytes[];
  /** The environment to add the device to. */
  readonly environment: readonly Bytes[];
  /** Under which number it gets the descriptor. */
  readonly fd: number;
  /** Under which number it gets a second descriptor, read-only. */
  readonly readOnlyFd?: number;
  /** Whether `{path}` and its like are filled in. */
  readonly placeholders: boolean;
  /** The caller's state that Node has changed. */
  readonly caller?: CallerState | undefined;
  /** Descriptors of the caller's that the command is not to have. */
  readonly withheld?: readonly number[];
  /** Announce the descriptor by the protocol of sd_listen_fds(3), after those of these names. */
  readonly listenAfter?: readonly Bytes[];
}

export const commandAt = numbersOf('command', [
  'bytes',
  'caller',
  'argc',
  'envc',
  'strings_size',
  'descriptor_count',
  'pid_at',
  'exit_code',
  'signal',
  'reached_execve',
]);

/** @param readOnly our descriptor for `command.readOnlyFd` */
export function encodeCommand(command: Command, device: Device, readOnly?: number): EncodedCommand {
  const description = describeDevice(device, command.fd);
  const own = [{ source: sourceOf(device.fd, 0), target: command.fd }];
  if (readOnly !== undefined && command.readOnlyFd !== undefined) {
    own.push({ source: sourceOf(readOnly, 1), target: command.readOnlyFd });
  }
  const plan = planDescriptors(callerDescriptors(command.caller), own, command.withheld ?? []);
  const argv = command.placeholders ? fillPlaceholders(command.words, description) : command.words;
  const envp = commandEnvironment(command.environment, description, {
    passed: plan.passed,
    ...(command.readOnlyFd === undefined ? {} : { readOnlyFd: command.readOnlyFd }),
    dropped: LISTEN_VARIABLES,
    added:
      command.listenAfter === undefined
        ? []
        : listenVariables(appendedNames(command.listenAfter, device.name)),
  });
  const texts = [command.file, ...argv, ...envp];
  const { header, strings } = encodeStrings(command.file, argv, envp);
  const { count, bytes } = encodeDescriptors(plan);
  const at = commandAt();
  encodeCallerState(command.caller).copy(header, at.caller);
  header.writeUInt32LE(count, at.descriptor_count);
  header.writeUInt32LE(command.listenAfter === undefined ? 0 : pidOffset(texts), at.pid_at);
  return { header, strings, descriptors: bytes };
}

/** A launcher gets them with the command, and knows then under which numbers it has them: DMFD_RECEIVED in native-shims/warm. */
function sourceOf(fd: number, index: number): number {
  return served() === undefined ? fd : -1 - index;
}

/** The command and its numbers, in a `struct dmfd_command`. */
export function encodeStrings(
  file: Bytes,
  argv: readonly Bytes[],
  envp: readonly Bytes[],
): Pick<EncodedCommand, 'header' | 'strings'> {
  const strings = toBuffer([file, ...argv, ...envp].map((text) => `${text}\0`).join(''));
  const at = commandAt();
  const header = Buffer.alloc(at.bytes);
  header.writeUInt32LE(argv.length, at.argc);
  header.writeUInt32LE(envp.length, at.envc);
  header.writeUInt32LE(strings.length, at.strings_size);
  return { header, strings };
}

/** Where in the strings the value of LISTEN_PID stands. */
function pidOffset(texts: readonly Bytes[]): number {
  const entry = listenPidEntry();
  const before = texts.slice(0, texts.lastIndexOf(entry));
  return before.reduce((sum, text) => sum + text.length + 1, entry.indexOf('=') + 1);
}
