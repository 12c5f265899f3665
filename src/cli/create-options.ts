import { type Command as CommandLine, Option } from 'commander';
import type { Mode } from '../device/creation.js';
import type { UdevMode } from '../dm/udev.js';
import { callerDescriptorAt } from '../handoff/caller-descriptor.js';
import { canEnd } from '../handoff/hold.js';
import type { Segment } from '../segment/segment.js';
import { keyOption, parseKeyBits } from './key-options.js';
import { addThen, type LayerOptions, type LayerWords, parseMessage } from './layer-options.js';
import {
  collect,
  collectAs,
  parseFd,
  parseMode,
  parseSeconds,
  parseUdev,
  parseUid,
} from './option-values.js';
import { addPresetOptions } from './preset-options.js';
import { usageError } from './usage-error.js';
import { parseBacking } from './words/backing-word.js';

/** The options of `create`, except those of its layers. */
export interface CreateOptions {
  readonly uuid?: string;
  readonly concise?: string;
  readonly sharedLoop?: true;
  readonly readonly?: true;
  readonly holdReadonly?: true;
  readonly fd?: number;
  readonly roFd?: number;
  readonly listenFds?: true;
  readonly fdstore?: true;
  readonly sendFd?: string;
  readonly sendToUid?: number;
  readonly mode: Mode;
  readonly exec?: true;
  readonly placeholders: boolean;
  /** Milliseconds. */
  readonly waitGone?: number;
  readonly udev: UdevMode;
  /** Milliseconds. */
  readonly udevWait?: number;
  readonly mapperLink?: true;
  readonly dryRun?: true;
  readonly json?: true;
  readonly jsonFd?: number;
  readonly quiet?: true;
  readonly verbose?: true;
}

const DEFAULT_WAIT_SECONDS = 10;

/** Declares them. What is returned tells the layers, the lowest first, when all options are parsed. */
export function addCreateOptions(command: CommandLine): () => LayerWords[] {
  command.optionsGroup('What the device is, in one or more parts (PATH: PATH[,key=value...]):');
  const takeSegments = addPresetOptions(command);
  command
    .optionsGroup('The same, as a table of device-mapper:')
    .option(
      '--table <LINE>',
      'table line: START LENGTH TARGET ARGS, in 512-byte sectors (repeatable)',
      collect,
    )
    .option('--table-file <FILE>', 'read table lines from FILE, - for standard input (repeatable)', collect)
    .option(
      '--concise <LINE>',
      'name, UUID and table as "dmsetup table --concise" prints them; of several devices the last, which stands on the others',
    )
    .option(
      '--loop <FILE>',
      'attach FILE to a loop device: {loop0} in the table, {sectors0} its size (repeatable)',
      collectAs((word) => parseBacking('--loop', word)),
    )
    .option('--shared-loop', 'use what another loop device has; attach what is mounted, or in use as swap')
    .optionsGroup('The key of --crypt, or of {key} in the table:')
    .option('--key-random <BITS>', 'make a random key of BITS bits', parseKeyBits)
    .option('--key-file <FILE>', 'use the whole content of FILE as the key')
    .option('--key-fd <N>', 'read the key from descriptor N, up to its end', parseFd('--key-fd'))
    .optionsGroup('Layers (all options above, and --message, are of the layer in which they stand):');
  const layers = addThen(command, takeSegments);
  command
    .option(
      '--message <TEXT>',
      'SECTOR TEXT: tell the target at SECTOR when the layer is live (repeatable)',
      collectAs(parseMessage),
    )
    .optionsGroup('The device:')
    .option('--readonly', 'make device, layers, descriptor and loop devices read-only')
    .option('--uuid <UUID>', 'device-mapper UUID (default: DMFD- and a random one)')
    .option(
      '--mode <MODE>',
      'auto, atomic (only if the kernel returns the descriptor) or fallback',
      parseMode,
      'auto',
    )
    .option(
      '--udev <MODE>',
      "what udev makes of it: quiet (nothing), full (links, as for dmsetup's devices) or none (it is told nothing)",
      parseUdev,
      'quiet',
    )
    .addOption(
      new Option(
        '--udev-wait [SECONDS]',
        'with --udev full: wait for the links, for at most SECONDS, given as --udev-wait=SECONDS',
      )
        .preset(DEFAULT_WAIT_SECONDS)
        .argParser(parseSeconds('--udev-wait')),
    )
    .option('--mapper-link', 'make /dev/mapper/NAME, without udev, for as long as dmfd runs')
    .optionsGroup('Who gets its descriptor:')
    .option(
      '--fd <N>',
      'pass the descriptor to COMMAND as number N (default: the lowest free one from 3)',
      parseFd('--fd'),
    )
    .option('--ro-fd <N>', 'pass a second, read-only descriptor as number N', parseFd('--ro-fd'))
    .option('--hold-readonly', 'hold the writable device through a read-only descriptor')
    .option(
      '--listen-fds',
      'pass the descriptor as sd_listen_fds(3) expects it, after any that dmfd received that way',
    )
    .option('--exec', 'become COMMAND instead of waiting for it')
    .option(
      '--fdstore',
      'instead of running a COMMAND: give the descriptor to the service manager, for the unit that dmfd runs in',
    )
    .option(
      '--send-fd <SOCKET>',
      'instead of running a COMMAND: send the descriptor over a unix socket; @NAME for an abstract one',
    )
    .option('--send-to-uid <UID>', "with --send-fd: the server may also be this user's", parseUid)
    .option(
      '--no-placeholders',
      'do not replace {path} {fd} {dev} {name} {diskseq}, {path:0} of a layer, ... in COMMAND',
    )
    .addOption(
      new Option(
        '--wait-gone [SECONDS]',
        'return only when device, layers and loop devices are gone, or after SECONDS, given as --wait-gone=SECONDS, with status 124',
      )
        .preset(DEFAULT_WAIT_SECONDS)
        .argParser(parseSeconds('--wait-gone')),
    )
    .optionsGroup('What is told:')
    .option('--dry-run', 'check what can be checked, print the table, and change nothing')
    .option('--json', 'without COMMAND: print the device as one JSON line')
    .option(
      '--json-fd <N>',
      'write JSON lines to descriptor N: created, started, ended, gone',
      parseFd('--json-fd'),
    )
    .option('-q, --quiet', 'print no warnings')
    .option('-v, --verbose', 'print each step on stderr, with what the kernel said');
  return layers;
}

type Name = keyof CreateOptions;

const NOT_THERE = 'dmfd does not stay until the device is gone';
const NOT_THERE_FOR_LINK = 'dmfd does not stay to take the link away';

/** Options that exclude each other, and why, which commander's own conflicts() would not say. */
const EXCLUSIVE: readonly (readonly [one: Name, other: Name, why: string])[] = [
  ['readonly', 'holdReadonly', '--hold-readonly is for writable devices'],
  ['fdstore', 'sendFd', 'dmfd has one descriptor to give away'],
  ['fdstore', 'waitGone', NOT_THERE],
  ['sendFd', 'waitGone', NOT_THERE],
  ['exec', 'waitGone', 'dmfd is gone before the command ends'],
  ['exec', 'mapperLink', NOT_THERE_FOR_LINK],
  ['fdstore', 'mapperLink', NOT_THERE_FOR_LINK],
  ['sendFd', 'mapperLink', NOT_THERE_FOR_LINK],
];

/** Options that need a command, as they are written. */
const FOR_A_COMMAND = {
  exec: '--exec',
  fd: '--fd N',
  roFd: '--ro-fd N',
  listenFds: '--listen-fds',
} as const satisfies Partial<Record<Name, string>>;

/** @throws DmfdError `usage` for options that do not go together */
export function checkCombination(
  options: CreateOptions,
  layers: readonly LayerWords[],
  commandLength: number | undefined,
): void {
  if (commandLength === 0) throw usageError('no command stands after --');
  for (const [one, other, why] of EXCLUSIVE) {
    if (options[one] === undefined || options[other] === undefined) continue;
    throw usageError(`${flag(one)} and ${flag(other)} exclude each other: ${why}`);
  }
  if (options.mapperLink && options.udev === 'full') {
    throw usageError('--mapper-link and --udev full exclude each other: udev makes that link');
  }
  if (options.udevWait !== undefined && options.udev !== 'full') {
    throw usageError('--udev-wait goes with --udev full alone: udev makes no links that could be waited for');
  }
  if (commandLength === undefined) checkWithoutCommand(options);
  else checkWithCommand(options);
  if (options.sendToUid !== undefined && options.sendFd === undefined) {
    throw usageError('--send-to-uid goes with --send-fd alone');
  }
  checkReadOnce(options, layers, commandLength);
  if (options.jsonFd !== undefined && [options.fd, options.roFd].includes(options.jsonFd)) {
    throw usageError(`--json-fd ${options.jsonFd}: the command gets the device under that number`);
  }
}

/** Descriptors that are read to their end: by one layer alone, and not by COMMAND. */
function checkReadOnce(
  options: CreateOptions,
  layers: readonly LayerWords[],
  commandLength: number | undefined,
): void {
  const all = layers.map((layer) => layer.options);
  const fromStdin = all.flatMap(({ tableFile = [] }) => tableFile).filter((file) => file === '-').length;
  if (fromStdin > 1) throw usageError('--table-file -: standard input can be read only once');
  const keys = all.flatMap(({ keyFd }) => keyFd ?? []);
  for (const [index, keyFd] of keys.entries()) {
    if (keys.indexOf(keyFd) < index)
      throw usageError(`--key-fd ${keyFd}: two layers have it, and it can be read only once`);
    checkKeyFd(keyFd, options, fromStdin > 0, commandLength);
  }
  if (isHeld(options, commandLength) && !options.dryRun) all.forEach(checkFilesOfHeld);
}

/** No command gets the device, and no other process: dmfd holds it. */
function isHeld({ fdstore, sendFd }: CreateOptions, commandLength: number | undefined): boolean {
  return commandLength === undefined && !fdstore && sendFd === undefined;
}

/** What is read to its end is no sign of when to let go. */
function checkFilesOfHeld({ tableFile = [], keyFile }: LayerOptions): void {
  const files = [
    ...tableFile.map((file) => ['--table-file', file] as const),
    ...(keyFile === undefined ? [] : [['--key-file', keyFile] as const]),
  ];
  for (const [option, file] of files) {
    const isStdin = (option === '--table-file' && file === '-') || callerDescriptorAt(file) === 0;
    if (!isStdin || !canEnd(0)) continue;
    throw usageError(
      `${option} ${file} needs a command: ${END_OF_STDIN}`,
      'put it after --, or give a file of its own, or another descriptor, as in: /dev/fd/5 5<FILE',
    );
  }
}

const END_OF_STDIN = 'the end of standard input would let go of the device at once';

/** @throws DmfdError `usage` when a layer is described in more than one way */
export function checkContents(
  { table, tableFile, loop, ...keys }: LayerOptions,
  segments: readonly Segment[],
  concise: string | undefined,
): void {
  const forms = [
    ...(table === undefined ? [] : ['--table']),
    ...(tableFile === undefined ? [] : ['--table-file']),
    ...(concise === undefined ? [] : ['--concise']),
  ];
  if (segments.length > 0 && forms.length > 0) {
    throw usageError(
      `${presetOf(segments)} and ${forms[0]} exclude each other: both say what the device is`,
      'a preset writes its own table lines; --dry-run prints them',
    );
  }
  if (concise !== undefined && forms.length > 1)
    throw usageError(`--concise and ${forms[0]} exclude each other: both say what the device is`);
  const key = keyOption(keys);
  if (segments.length > 0 && key !== undefined && !segments.some(({ target }) => target === 'crypt'))
    throw usageError(`${key} is for --crypt, or for {key} in a table`);
  if (segments.length > 0 && loop !== undefined)
    throw usageError(`--loop is for tables: ${presetOf(segments)} attaches its file by itself`);
}

function presetOf([first]: readonly Segment[]): string {
  return first?.target === 'snapshot' ? '--overlay' : `--${first?.target}`;
}

/** `--hold-readonly` of `holdReadonly`. */
function flag(name: Name): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function checkWithoutCommand(options: CreateOptions): void {
  for (const [name, form] of Object.entries(FOR_A_COMMAND)) {
    if (options[name as keyof typeof FOR_A_COMMAND] === undefined) continue;
    throw usageError(
      `${flag(name as Name)} needs a command`,
      `put it after --: dmfd create … ${form} -- COMMAND`,
    );
  }
}

function checkWithCommand({ fdstore, sendFd, json, jsonFd, fd, roFd }: CreateOptions): void {
  if (fdstore || sendFd !== undefined) {
    const form = fdstore ? '--fdstore' : '--send-fd';
    throw usageError(`${form} gives the descriptor away, and a command after -- would want it, too`);
  }
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
  if (roFd !== undefined && roFd === fd) {
    throw usageError(`--fd ${fd} and --ro-fd ${roFd}: each descriptor needs a number of its own`);
  }
}

function checkKeyFd(
  keyFd: number,
  options: CreateOptions,
  tableFromStdin: boolean,
  commandLength: number | undefined,
): void {
  if (keyFd === 0 && tableFromStdin) {
    throw usageError('--key-fd 0 and --table-file -: standard input can be read only once');
  }
  if (keyFd === 0 && isHeld(options, commandLength)) {
    throw usageError(
      `--key-fd 0 needs a command: ${END_OF_STDIN}`,
      'give the key with another descriptor, as in: dmfd create … --key-fd 5 5<FILE',
    );
  }
  if ([options.fd, options.roFd, options.jsonFd].includes(keyFd) && keyFd > 2) {
    throw usageError(`--key-fd ${keyFd}: another option gives that number, too`);
  }
}
