import { type Command as CommandLine, Option } from 'commander';
import { keepIt } from '../handoff/served.js';
import { operate } from '../kernel/kernel.js';
import { createAndTell, endSwap, planSwapSync, type Swap } from '../swap/create.js';
import type { Discard, SwapRequest } from '../swap/request.js';
import { describeCommand } from './description.js';
import { swapJson } from './device-json.js';
import { toJson } from './json.js';
import { parseMode, parseNumber } from './option-values.js';
import { print, say, tellStep, write } from './output.js';
import { whileBlocked } from './progress.js';
import { usageError } from './usage-error.js';
import { backingOf } from './words/backing-word.js';
import { type Keys, parsePathWord } from './words/path-word.js';
import { parseSize } from './words/size.js';

const SECTOR = 512n;

interface Options extends Omit<SwapRequest, 'backing' | 'onStep'> {
  readonly path?: string;
  readonly readWorkqueue: boolean;
  readonly writeWorkqueue: boolean;
  readonly dryRun?: true;
  readonly json?: true;
  readonly quiet?: true;
  readonly verbose?: true;
}

/** Adds `swap` to the command line. */
export function addSwap(program: CommandLine): void {
  const what =
    'set up swap on BACKING, encrypted with a random key that is never stored; swapoff removes device and key';
  describeCommand(program.command('swap'), what, [
    'fallocate -l 1G swapfile && chmod 600 swapfile && dmfd swap swapfile',
    'dmfd swap PARTLABEL=swap --priority 10 --discard',
  ])
    .usage('BACKING [options]')
    .argument(
      '[BACKING]',
      'PATH of a block device or file, or LABEL=… and the like; PATH[,partition=N][,offset=SIZE][,size=SIZE]',
    )
    .optionsGroup('Where swap goes:')
    .option('--path <PATH>', 'instead of BACKING: a path without keys, in which a comma is just a comma')
    .option(
      '--offset <SIZE>',
      'start of the area on BACKING: sectors of 512 bytes, or bytes as in 1M',
      parseSize('--offset'),
    )
    .option(
      '--size <SIZE>',
      'size of the area: sectors of 512 bytes, or bytes as in 2G (default: all the rest)',
      parseSize('--size'),
    )
    .option(
      '--force',
      'overwrite a file system and the like; use a file that others may write to, that is copied on write, or that a server has; discard blocks of a file',
    )
    .optionsGroup('Encryption:')
    .option('--cipher <SPEC>', 'dm-crypt cipher (default: aes-xts-plain64)')
    .option(
      '--key-size <BITS>',
      'size of the random key (default: 512 for XTS, else 256)',
      parseNumber('--key-size'),
    )
    .option(
      '--sector-size <BYTES>',
      'encrypt in units of 512 or 4096 bytes (default: 512)',
      parseNumber('--sector-size'),
    )
    .option('--no-read-workqueue', 'decrypt reads directly, not in a work queue')
    .option('--no-write-workqueue', 'encrypt writes directly, not in a work queue')
    .optionsGroup('The swap area:')
    .option('--priority <N>', '0 to 32767, the highest is used first', parseNumber('--priority'))
    .addOption(
      new Option(
        '--discard [WHEN]',
        'discard free blocks: --discard=once at the start, --discard=pages as pages are freed; of a file with --force alone',
      )
        .preset('both')
        .argParser(parseDiscard),
    )
    .option('--label <TEXT>', 'label of the swap area, at most 15 bytes')
    .option('--uuid <UUID>', 'UUID of the swap area (default: a random one)')
    .optionsGroup('The device:')
    .option('--name <NAME>', 'device-mapper name (default: dmfd-swap- and 8 hex digits)')
    .option('--mode <MODE>', 'auto, atomic or fallback, as for create', parseMode, 'auto')
    .optionsGroup('What is told:')
    .option('--dry-run', 'check everything and print the table, with {key} for the key; change nothing')
    .option('--json', 'print the swap as one JSON line')
    .option('-q, --quiet', 'print no warnings')
    .option('-v, --verbose', 'print each step on stderr, with what the kernel said')
    .action((backing: string | undefined, options: Options) => swap(backing, options));
}

function swap(word: string | undefined, options: Options): void {
  const request = toRequest(word, options);
  if (options.dryRun) {
    const plan = planSwapSync(request);
    if (options.json) write(1, `${toJson(plan)}\n`);
    else print(plan.table);
    return;
  }
  const quiet = options.quiet === true || options.verbose === true;
  // It may have to wait for a lock, or until what leaves the backing has gone.
  const made = whileBlocked(`setting up swap on ${request.backing}`, quiet, () =>
    createAndTell(request, keepIt),
  );
  if (!options.quiet) for (const warning of made.warnings) say(warning);
  try {
    if (options.json) write(1, `${toJson(swapJson(made))}\n`);
    else print(formatSwap(made));
  } catch (error) {
    // A failure leaves nothing, this one too: the user would not know of the swap.
    operate(request.onStep, undefined, (kernel) => endSwap(kernel, made));
    throw error;
  }
}

function toRequest(word: string | undefined, options: Options): SwapRequest {
  const { path, readWorkqueue, writeWorkqueue, dryRun, json, quiet, verbose, ...same } = options;
  return {
    ...same,
    ...backingOfWords(word, path, options),
    noReadWorkqueue: !readWorkqueue,
    noWriteWorkqueue: !writeWorkqueue,
    ...(verbose ? { onStep: tellStep } : {}),
  };
}

type SwapArea = Pick<SwapRequest, 'backing' | 'partition' | 'offset' | 'size'>;

function backingOfWords(word: string | undefined, path: string | undefined, options: Options): SwapArea {
  if (word !== undefined && path !== undefined)
    throw usageError(`${word} and --path ${path}: one of the two says where swap goes`);
  if (path !== undefined) return { backing: path };
  if (word !== undefined) return areaOf(word, options);
  throw usageError('no backing was given', 'dmfd swap BACKING: a file or a block device');
}

const AREA_KEYS = { partition: 'value', offset: 'value', size: 'value' } as const satisfies Keys;

/** The parts of BACKING: the path, and the area of it. */
function areaOf(word: string, options: Options): SwapArea {
  // The request says what is wrong with it.
  if (word === '') return { backing: word };
  const parted = parsePathWord('BACKING', word, AREA_KEYS);
  for (const key of ['offset', 'size'] as const) {
    if (!parted.keys.has(key) || options[key] === undefined) continue;
    throw usageError(`BACKING ${word}: ${key} is given by --${key} already`);
  }
  const { path, partition, offset, size } = backingOf('BACKING', word, parted);
  if (offset !== undefined && offset % SECTOR !== 0n)
    throw usageError(
      `BACKING ${word}: offset=${parted.keys.get('offset')}: it is no whole sectors of ${SECTOR} bytes`,
    );
  return {
    backing: path,
    ...(partition === undefined ? {} : { partition }),
    ...(offset === undefined ? {} : { offset: offset / SECTOR }),
    ...(size === undefined ? {} : { size: size / SECTOR }),
  };
}

/** The path for swapoff, the name to look for, and how much can be swapped out. */
function formatSwap({ path, name, swapSize }: Swap): string {
  return `${path} is encrypted swap, named ${name}, ${formatSize(swapSize)}`;
}

function formatSize(bytes: bigint): string {
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  let number = Number(bytes) / 1024;
  let unit = 0;
  for (; number >= 1024 && unit < units.length - 1; unit++) number /= 1024;
  return `${number < 10 ? number.toFixed(1) : Math.round(number)} ${units[unit]} (${bytes} bytes)`;
}

function parseDiscard(value: string): Discard {
  if (value === 'once' || value === 'pages' || value === 'both') return value;
  throw usageError(`--discard=${value}: it must be --discard, --discard=once or --discard=pages`);
}
