import type { Command as CommandLine } from 'commander';
import { formatDeviceNumber } from '../dm/device-number.js';
import { createSwap, endSwap, planSwap, type Swap } from '../swap/create.js';
import type { SwapRequest } from '../swap/request.js';
import { parseMode } from './option-values.js';
import { say, write } from './output.js';
import { parseDiscard, parseNumber, parseSize } from './swap-values.js';
import { tellStep } from './verbose.js';

interface Options extends Omit<SwapRequest, 'backing' | 'onStep'> {
  readonly readWorkqueue: boolean;
  readonly writeWorkqueue: boolean;
  readonly dryRun?: true;
  readonly json?: true;
  readonly quiet?: true;
  readonly verbose?: true;
}

/** Adds `swap` to the command line. */
export function addSwap(program: CommandLine): void {
  program
    .command('swap')
    .description('swap to BACKING, encrypted with a key that nobody has; swapoff destroys it all')
    .usage('BACKING [options]')
    .argument('<BACKING>', 'a block device, or a regular file')
    .option('--cipher <SPEC>', 'as dm-crypt has it (default: aes-xts-plain64)')
    .option(
      '--key-size <BITS>',
      'of the random key (default: 512 for XTS, else 256)',
      parseNumber('--key-size'),
    )
    .option(
      '--sector-size <BYTES>',
      'encrypt in units of 512 or 4096 bytes (default: 512)',
      parseNumber('--sector-size'),
    )
    .option('--priority <N>', '0 to 32767, the highest is used first', parseNumber('--priority'))
    .option(
      '--discard [WHEN]',
      'discard what is free: --discard=once at the start, =pages as they fall free, else both',
      parseDiscard,
    )
    .option('--label <TEXT>', 'of the swap area, at most 15 bytes')
    .option('--uuid <UUID>', 'of the swap area (default: a random one)')
    .option('--offset <SIZE>', 'begin there: sectors of 512 bytes, or bytes as in 1M', parseSize('--offset'))
    .option('--size <SIZE>', 'use so much: sectors of 512 bytes, or bytes as in 2G', parseSize('--size'))
    .option('--no-read-workqueue', 'decrypt where the read ends, not in a work queue')
    .option('--no-write-workqueue', 'encrypt where the write begins, not in a work queue')
    .option('--name <NAME>', 'in device-mapper (default: dmfd-swap- and 8 hex digits)')
    .option('--mode <MODE>', 'auto, atomic or fallback, as for create', parseMode, 'auto')
    .option('--dry-run', 'check everything, print the table with {key} for the key, change nothing')
    .option('--json', 'print the swap as one JSON line')
    .option('-q, --quiet', 'no warnings')
    .option('-v, --verbose', 'each call to the kernel on stderr')
    .action((backing: string, options: Options) => swap(backing, options));
}

function swap(backing: string, options: Options): void {
  const request = toRequest(backing, options);
  if (options.dryRun) {
    const plan = planSwap(request);
    write(1, `${options.json ? JSON.stringify({ ...plan, size: Number(plan.size) }) : plan.table}\n`);
    return;
  }
  const made = createSwap(request);
  if (!options.quiet) for (const warning of made.warnings) say(`dmfd: ${warning}`);
  try {
    write(1, `${options.json ? formatJson(made) : formatSwap(made)}\n`);
  } catch (error) {
    // A failure leaves nothing, this one too: nobody would know of the swap.
    endSwap(made, request.onStep);
    throw error;
  }
}

function toRequest(backing: string, options: Options): SwapRequest {
  const { readWorkqueue, writeWorkqueue, dryRun, json, quiet, verbose, ...same } = options;
  return {
    ...same,
    backing,
    noReadWorkqueue: !readWorkqueue,
    noWriteWorkqueue: !writeWorkqueue,
    ...(verbose ? { onStep: tellStep } : {}),
  };
}

/** Path, name, size: what to give to swapoff, what to look for, what was won. */
function formatSwap({ path, name, size }: Swap): string {
  return `${path} is encrypted swap, named ${name}, ${formatSize(size)}`;
}

function formatSize(bytes: bigint): string {
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  let number = Number(bytes) / 1024;
  let unit = 0;
  for (; number >= 1024 && unit < units.length - 1; unit++) number /= 1024;
  return `${number < 10 ? number.toFixed(1) : Math.round(number)} ${units[unit]} (${bytes} bytes)`;
}

function formatJson(made: Swap): string {
  const { path, name, uuid, major, minor, diskseq, size, loop, warnings, ...rest } = made;
  const dev = formatDeviceNumber(made);
  const numbers = { diskseq: Number(diskseq), size: Number(size) };
  return JSON.stringify({ name, uuid, path, dev, major, minor, ...numbers, loop: loop ?? null, ...rest });
}
