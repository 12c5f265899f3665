import type { Command as CommandLine } from 'commander';
import { usageError } from '../errors.js';
import type { Mode } from '../kernel/creation.js';
import { type KeyOptions, parseKeyBits } from './key-options.js';
import { collect, parseFd, parseMode, parseSeconds } from './option-values.js';

/** What `create` was asked for. */
export interface CreateOptions extends KeyOptions {
  readonly uuid?: string;
  readonly table?: string[];
  readonly tableFile?: string[];
  readonly loop?: string[];
  readonly readonly?: true;
  readonly holdReadonly?: true;
  readonly fd?: number;
  readonly roFd?: number;
  readonly listenFds?: true;
  readonly fdstore?: true;
  readonly sendFd?: string;
  readonly mode: Mode;
  readonly exec?: true;
  readonly placeholders: boolean;
  /** Milliseconds. */
  readonly waitGone?: number;
  readonly json?: true;
  readonly jsonFd?: number;
  readonly quiet?: true;
  readonly verbose?: true;
}

/** Declares them. */
export function addCreateOptions(command: CommandLine): CommandLine {
  return command
    .option(
      '--table <LINE>',
      'a table line: START LENGTH TARGET ARGS, in 512-byte sectors (repeatable)',
      collect,
    )
    .option('--table-file <FILE>', 'table lines from a file, - for standard input (repeatable)', collect)
    .option('--loop <FILE>', 'attach FILE to a loop device, {loop0} in the table (repeatable)', collect)
    .option('--key-random <BITS>', 'a new random key for {key} in the table', parseKeyBits)
    .option('--key-file <FILE>', 'the bytes of FILE, all of them, for {key} in the table')
    .option('--key-fd <N>', 'what descriptor N has to read for {key} in the table', parseFd('--key-fd'))
    .option('--readonly', 'make device, descriptor and loop devices read-only')
    .option('--uuid <UUID>', 'its device-mapper UUID (default: DMFD- and a random one)')
    .option(
      '--fd <N>',
      'the command gets the descriptor under this number (default: the lowest free one from 3)',
      parseFd('--fd'),
    )
    .option('--ro-fd <N>', 'and a second, read-only descriptor under this one', parseFd('--ro-fd'))
    .option('--hold-readonly', 'hold the writable device by a read-only descriptor')
    .option(
      '--listen-fds',
      'announce the descriptor as sd_listen_fds(3) expects it, after those inherited so',
    )
    .option(
      '--mode <MODE>',
      'auto, atomic (only if the kernel returns the descriptor) or fallback',
      parseMode,
      'auto',
    )
    .option('--exec', 'become COMMAND instead of waiting for it')
    .option(
      '--fdstore',
      'instead of a COMMAND: give the descriptor to the service manager, for the unit dmfd runs in',
    )
    .option(
      '--send-fd <SOCKET>',
      'instead of a COMMAND: send the descriptor over a unix socket; @NAME for an abstract one',
    )
    .option('--no-placeholders', 'leave {path} {fd} {dev} {name} {diskseq} in COMMAND alone')
    .option(
      '--wait-gone [SECONDS]',
      'return only when device and loop devices are gone; --wait-gone=SECONDS for a limit other than 10',
      parseSeconds,
    )
    .option('--json', 'without COMMAND: print the device as one JSON line')
    .option(
      '--json-fd <N>',
      'JSON lines to descriptor N: created, started, ended, gone',
      parseFd('--json-fd'),
    )
    .option('-q, --quiet', 'no warnings')
    .option('-v, --verbose', 'each call to the kernel on stderr');
}

/** @throws DmfdError `usage` for options that do not go together */
export function checkCombination(options: CreateOptions, commandLength: number | undefined): void {
  if (commandLength === 0) throw usageError('no command stands after --');
  if (options.fdstore || options.sendFd !== undefined) checkGivenAway(options, commandLength);
  if (commandLength === undefined) checkWithoutCommand(options);
  else checkWithCommand(options);
  if (options.keyFd !== undefined) checkKeyFd(options.keyFd, options, commandLength);
  if (options.readonly && options.holdReadonly) {
    throw usageError(
      '--readonly and --hold-readonly exclude each other: one is about the device, the other about a writable one',
    );
  }
  if (options.jsonFd !== undefined && [options.fd, options.roFd].includes(options.jsonFd)) {
    throw usageError(`--json-fd ${options.jsonFd}: the command gets the device under that number`);
  }
}

/** Somebody else holds the device then, for as long as they like. */
function checkGivenAway(options: CreateOptions, commandLength: number | undefined): void {
  const form = options.fdstore ? '--fdstore' : '--send-fd';
  if (options.fdstore && options.sendFd !== undefined) {
    throw usageError('--fdstore and --send-fd exclude each other: dmfd has one descriptor to give away');
  }
  if (commandLength !== undefined) {
    throw usageError(`${form} gives the descriptor away, and a command after -- would want it, too`);
  }
  if (options.waitGone !== undefined) {
    throw usageError(
      `${form} and --wait-gone exclude each other: dmfd does not stay until the device is gone`,
    );
  }
}

function checkKeyFd(keyFd: number, options: CreateOptions, commandLength: number | undefined): void {
  if (keyFd === 0 && options.tableFile?.includes('-')) {
    throw usageError('--key-fd 0 and --table-file -: standard input can be read only once');
  }
  const holds = commandLength === undefined && !options.fdstore && options.sendFd === undefined;
  if (keyFd === 0 && holds) {
    throw usageError(
      '--key-fd 0 needs a command: the end of standard input would let go of the device at once',
      'give the key with another descriptor, as in: dmfd create … --key-fd 5 5<FILE',
    );
  }
  if ([options.fd, options.roFd, options.jsonFd].includes(keyFd) && keyFd > 2) {
    throw usageError(`--key-fd ${keyFd}: something else is to have that number`);
  }
}

function checkWithCommand({ json, jsonFd, exec, waitGone, fd, roFd }: CreateOptions): void {
  // dmfd lets go of both as soon as the command has them.
  if (jsonFd === 0 || jsonFd === 1) {
    throw usageError(
      `--json-fd ${jsonFd}: that standard stream is the command's alone`,
      'give another one: --json-fd 9 … 9>FILE',
    );
  }
  if (json) {
    throw usageError(
      '--json is for holding a device without a command',
      'the command finds the same in its environment: DMFD_PATH, DMFD_FD, …; --json-fd N tells others',
    );
  }
  if (exec && waitGone !== undefined) {
    throw usageError('--exec and --wait-gone exclude each other: dmfd is gone before the command ends');
  }
  if (roFd !== undefined && roFd === fd) {
    throw usageError(`--fd ${fd} and --ro-fd ${roFd}: each descriptor needs a number of its own`);
  }
}

const FOR_A_COMMAND = { exec: '--exec', fd: '--fd', roFd: '--ro-fd', listenFds: '--listen-fds' } as const;

function checkWithoutCommand(options: CreateOptions): void {
  for (const [key, name] of Object.entries(FOR_A_COMMAND)) {
    if (options[key as keyof typeof FOR_A_COMMAND] === undefined) continue;
    throw usageError(
      `${name} needs a command`,
      `put it after --: dmfd create … ${name}${key.endsWith('d') ? ' N' : ''} -- COMMAND`,
    );
  }
}
