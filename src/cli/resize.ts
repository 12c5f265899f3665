import type { Command as CommandLine } from 'commander';
import { checkResizeRequest, type Resized, resizeDevice } from '../device/resize.js';
import { keepIt, needItself } from '../handoff/served.js';
import { operate } from '../kernel/kernel.js';
import { describeCommand } from './description.js';
import { print, tellStep } from './output.js';
import { usageError } from './usage-error.js';
import { shortSize } from './words/amounts.js';
import { parsePositive } from './words/size.js';

interface Options {
  readonly size?: bigint;
  readonly toBacking?: true;
  readonly verbose?: true;
}

/** Adds `resize` to the command line. */
export function addResize(program: CommandLine): void {
  const what = 'give a device that is in use more room; a mounted file system can then be grown';
  describeCommand(program.command('resize'), what, [
    'truncate -s 2G disk.img && dmfd resize scratch --to-backing',
    'dmfd resize scratch --size 2G',
  ])
    .usage('DEVICE --size SIZE | DEVICE --to-backing')
    .argument('<DEVICE>', 'its name, its UUID, or the path of its node')
    .option('--size <SIZE>', 'the size it is to have: sectors of 512 bytes, or bytes as in 2G', (size) =>
      parsePositive(`--size ${size}`, size),
    )
    .option(
      '--to-backing',
      'as much as the file or device below it has room for now; refused for a device of a part of that (use --size)',
    )
    .option('-v, --verbose', 'print each step on stderr, with what the kernel said')
    .action(resize);
}

function resize(device: string, { size, toBacking, verbose }: Options): void {
  if (size !== undefined && toBacking) {
    throw usageError('--size and --to-backing exclude each other: --to-backing is as much as there is');
  }
  if (size === undefined && !toBacking) {
    throw usageError('no size was given', `dmfd resize ${device} --size SIZE, or --to-backing`);
  }
  const request = checkResizeRequest({ device, ...(size === undefined ? {} : { size }) });
  const beforeChange = (keyInKeyring: boolean): void => {
    // Only the caller's own process has its keyrings.
    if (keyInKeyring) needItself();
    // Done once more, it would tell of the size that it has by then as of the one that it had.
    keepIt();
  };
  print(
    formatResized(
      operate(verbose ? tellStep : undefined, undefined, (kernel) =>
        resizeDevice(kernel, request, beforeChange),
      ),
    ),
  );
}

export function formatResized({ name, before, size }: Resized): string {
  const now = `${name}: ${shortSize(size)} (${size} bytes)`;
  return size === before ? `${now}, as before` : `${now}, and was ${shortSize(before)}`;
}
