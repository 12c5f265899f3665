import type { Command as CommandLine } from 'commander';
import type { DeviceChoice } from '../device/choice.js';
import { checkRemovalRequest, type Removal, removeDevice } from '../device/remove.js';
import { keepIt } from '../handoff/served.js';
import { operate } from '../kernel/kernel.js';
import { describeCommand } from './description.js';
import { print } from './output.js';
import { usageError } from './usage-error.js';

/** Adds `rm` to the command line. */
export function addRm(program: CommandLine): void {
  describeCommand(
    program.command('rm'),
    'remove a device now, or with its last holder, and say who that is',
    ['dmfd rm scratch', 'dmfd rm --diskseq "$DMFD_DISKSEQ"'],
  )
    .usage('DEVICE | --diskseq N')
    .argument('[DEVICE]', 'its name, its UUID, or the path of its node')
    .option(
      '--diskseq <N>',
      'the device with this disk sequence number, which no other disk has had since boot',
      parseDiskseq,
    )
    .action((device: string | undefined, { diskseq }: { diskseq?: bigint }) => {
      const request = checkRemovalRequest(toChoice(device, diskseq));
      // Done once more, it might find another device of that name.
      keepIt();
      print(formatRemoval(operate(undefined, undefined, (kernel) => removeDevice(kernel, request))));
    });
}

function toChoice(device: string | undefined, diskseq: bigint | undefined): DeviceChoice {
  if (diskseq !== undefined) {
    if (device !== undefined) {
      throw usageError(
        `${JSON.stringify(device)} and --diskseq ${diskseq}: one of the two says which device is meant`,
      );
    }
    return { diskseq };
  }
  if (device !== undefined) return { device };
  throw usageError('no device was given', 'dmfd rm NAME; "dmfd ls" lists what there is');
}

const HIGHEST = 2n ** 64n - 1n;

function parseDiskseq(value: string): bigint {
  const number = /^\d{1,20}$/.test(value) ? BigInt(value) : 0n;
  if (number > 0n && number <= HIGHEST) return number;
  throw usageError(
    `--diskseq ${value}: it must be a whole number above 0`,
    '"dmfd ls -o name,diskseq" tells it',
  );
}

export function formatRemoval({ device: { name, openCount }, gone, holders }: Removal): string {
  if (gone) return `${name}: removed`;
  if (openCount === 0 && holders.length === 0) return `${name}: the kernel is still removing it`;
  const who = holders.length === 0 ? `open ${openCount}, by whom /proc does not tell` : holders.join(', ');
  return `${name}: goes with its last holder: ${who}`;
}
