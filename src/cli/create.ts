import { isatty } from 'node:tty';
import type { Command as CommandLine } from 'commander';
import { createDevice } from '../device/create.js';
import type { Device } from '../device/handle.js';
import type { DeviceRequest } from '../device/request.js';
import { usageError } from '../errors.js';
import { callerArguments, callerEnvironment } from '../handoff/caller.js';
import type { Command } from '../handoff/command.js';
import { findCommand } from '../handoff/find-command.js';
import { hold } from '../handoff/hold.js';
import { becomeCommand, endAs, runCommand } from '../handoff/run.js';
import type { Mode } from '../kernel/creation.js';
import { deviceJson } from './device-json.js';
import { awaitGone } from './gone.js';
import { collect, parseFd, parseMode, parseSeconds } from './option-values.js';
import { say, write } from './output.js';
import { readTables } from './tables.js';
import { tellStep } from './verbose.js';

interface Options {
  readonly uuid?: string;
  readonly table?: string[];
  readonly tableFile?: string[];
  readonly loop?: string[];
  readonly readonly?: true;
  readonly fd: number;
  readonly mode: Mode;
  readonly exec?: true;
  readonly placeholders: boolean;
  /** Milliseconds. */
  readonly waitGone?: number;
  readonly json?: true;
  readonly quiet?: true;
  readonly verbose?: true;
}

export const DEFAULT_WAIT_SECONDS = 10;

/** Adds `create` to the command line. `commandLength` as in {@link splitArguments}. */
export function addCreate(program: CommandLine, commandLength: number | undefined): void {
  program
    .command('create')
    .description('make a device that lives as long as its descriptor, and hand that to a command')
    .usage('[NAME] [options] [-- COMMAND [ARG...]]')
    .argument('[NAME]', 'its name in device-mapper (default: dmfd- and 8 hex digits)')
    .option(
      '--table <LINE>',
      'a table line: START LENGTH TARGET ARGS, in 512-byte sectors (repeatable)',
      collect,
    )
    .option('--table-file <FILE>', 'table lines from a file, - for standard input (repeatable)', collect)
    .option('--loop <FILE>', 'attach FILE to a loop device, {loop0} in the table (repeatable)', collect)
    .option('--readonly', 'make device, descriptor and loop devices read-only')
    .option('--uuid <UUID>', 'its device-mapper UUID (default: DMFD- and a random one)')
    .option('--fd <N>', 'the command gets the descriptor under this number', parseFd, 3)
    .option(
      '--mode <MODE>',
      'auto, atomic (only if the kernel returns the descriptor) or fallback',
      parseMode,
      'auto',
    )
    .option('--exec', 'become COMMAND instead of waiting for it')
    .option('--no-placeholders', 'leave {path} {fd} {dev} {name} {diskseq} in COMMAND alone')
    .option(
      '--wait-gone [SECONDS]',
      'return only when device and loop devices are gone; --wait-gone=SECONDS for a limit other than 10',
      parseSeconds,
    )
    .option('--json', 'without COMMAND: print the device as one JSON line')
    .option('-q, --quiet', 'no warnings')
    .option('-v, --verbose', 'each call to the kernel on stderr')
    .action((name: string | undefined, options: Options) => create(name, options, commandLength));
}

async function create(
  name: string | undefined,
  options: Options,
  commandLength: number | undefined,
): Promise<void> {
  checkCombination(options, commandLength);
  // Before any call to the kernel: a command that is not there must not cost a device.
  const command = commandLength === undefined ? undefined : planCommand(options, commandLength);
  const device = createDevice(toRequest(name, options));
  if (!options.quiet) for (const warning of device.warnings) say(`dmfd: ${warning}`);
  try {
    if (command === undefined) await holdDevice(device, options);
    else if (options.exec) becomeCommand(command, device);
    else await runAndEnd(command, device, options);
  } finally {
    device.close();
  }
}

function checkCombination(options: Options, commandLength: number | undefined): void {
  if (commandLength === 0) throw usageError('no command stands after --');
  if (commandLength !== undefined && options.json) {
    throw usageError(
      '--json is for holding a device without a command',
      'the command finds the same in its environment: DMFD_PATH, DMFD_FD, …',
    );
  }
  if (commandLength === undefined && options.exec) {
    throw usageError('--exec needs a command', 'put it after --: dmfd create … --exec -- COMMAND');
  }
  if (options.exec && options.waitGone !== undefined) {
    throw usageError('--exec and --wait-gone exclude each other: dmfd is gone before the command ends');
  }
}

function planCommand(options: Options, commandLength: number): Command {
  const words = callerArguments(commandLength);
  const environment = callerEnvironment();
  const file = findCommand(words[0] ?? '', environment);
  return { file, words, environment, fd: options.fd, placeholders: options.placeholders };
}

function toRequest(name: string | undefined, options: Options): DeviceRequest {
  return {
    ...(name === undefined ? {} : { name }),
    ...(options.uuid === undefined ? {} : { uuid: options.uuid }),
    table: readTables(options.table ?? [], options.tableFile ?? []),
    loop: options.loop ?? [],
    readOnly: options.readonly ?? false,
    mode: options.mode,
    ...(options.verbose ? { onStep: tellStep } : {}),
  };
}

async function runAndEnd(command: Command, device: Device, options: Options): Promise<void> {
  const ending = runCommand(command, device);
  await waitIfAsked(device, options);
  endAs(ending);
}

async function holdDevice(device: Device, options: Options): Promise<void> {
  await hold(() => {
    write(1, `${options.json ? deviceJson(device) : device.path}\n`);
    if (!options.quiet && isatty(2)) say(`dmfd: holding ${device.name}; ^C lets go of it`);
  });
  device.close();
  await waitIfAsked(device, options);
  process.exit(0);
}

async function waitIfAsked(device: Device, { waitGone, quiet }: Options): Promise<void> {
  if (waitGone === undefined) return;
  await awaitGone(device, waitGone, quiet ?? false);
}
