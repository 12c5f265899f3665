import type { Device } from '../device/handle.js';
import { COMMAND } from '../kernel/layout.js';
import { type Bytes, toBuffer } from './bytes.js';
import { describeDevice } from './describe.js';
import { commandEnvironment } from './environment.js';
import { fillPlaceholders } from './placeholders.js';

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
  /** Whether `{path}` and its like are filled in. */
  readonly placeholders: boolean;
}

/** A command as the shim wants it. */
export interface EncodedCommand {
  readonly header: Buffer;
  readonly strings: Buffer;
}

export function encodeCommand(command: Command, device: Device): EncodedCommand {
  const description = describeDevice(device, command.fd);
  const argv = command.placeholders ? fillPlaceholders(command.words, description) : command.words;
  const envp = commandEnvironment(command.environment, description);
  const strings = toBuffer([command.file, ...argv, ...envp].map((text) => `${text}\0`).join(''));
  const header = Buffer.alloc(COMMAND.bytes);
  header.writeInt32LE(device.fd, COMMAND.deviceFd);
  header.writeInt32LE(command.fd, COMMAND.targetFd);
  header.writeUInt32LE(argv.length, COMMAND.argc);
  header.writeUInt32LE(envp.length, COMMAND.envc);
  header.writeUInt32LE(strings.length, COMMAND.stringsSize);
  return { header, strings };
}
