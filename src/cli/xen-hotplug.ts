import { Argument, type Command as CommandLine, Option } from 'commander';
import type { TableSource } from '../dm/table.js';
import type { ErrorCode } from '../errors.js';
import { keepIt, needItself, OnlyByItself } from '../handoff/served.js';
import { operate } from '../kernel/kernel.js';
import { addDisk } from '../xen/add.js';
import type { Syntax } from '../xen/params.js';
import { removeDisk } from '../xen/remove.js';
import { parseVbd } from '../xen/vbd.js';
import { describeCommand } from './description.js';
import { say, tellStep } from './output.js';
import { printError } from './print-error.js';
import { needOwnKeyrings, readTableFile } from './tables.js';

interface XenOptions {
  readonly blockSnapshot?: boolean;
  readonly verbose?: boolean;
}

/** Adds `xen-hotplug` to the command line. */
export function addXenHotplug(program: CommandLine): void {
  const what = "Xen's hotplug script for disks, which libxl runs as /etc/xen/scripts/block-dmfd";
  describeCommand(program.command('xen-hotplug'), what, [
    "disk = [ 'vdev=xvda, script=block-dmfd, target=/srv/disk.img' ]    (xl.cfg)",
  ])
    .addArgument(
      new Argument('<ACTION>', 'what happens to the disk that the variable XENBUS_PATH names').choices([
        'add',
        'remove',
      ]),
    )
    // The launcher gives it when it is called block-snapshot.
    .addOption(new Option('--block-snapshot').hideHelp())
    .option(
      '-v, --verbose',
      'print each step on standard error: requests to kernel and xenstore, and their answers',
    )
    .action((action: string, options: XenOptions) => {
      try {
        hotplug(action, options);
      } catch (error) {
        if (error instanceof OnlyByItself) throw error;
        process.exitCode = printError(error, HINTS);
      }
    });
}

function hotplug(action: string, { blockSnapshot, verbose }: XenOptions): void {
  const vbd = parseVbd(process.env.XENBUS_PATH);
  const syntax: Syntax = blockSnapshot ? 'block-snapshot' : 'dmfd';
  // Once a step was told, a table that the service may not wait for could not be given back.
  if (verbose) needItself();
  const warnings = operate(verbose ? tellStep : undefined, undefined, (kernel) =>
    action === 'add'
      ? addDisk(kernel, vbd, { syntax, readTable, beforePublishing: keepIt })
      : removeDisk(kernel, vbd),
  );
  for (const warning of warnings) say(`${vbd.path}: ${warning}`);
}

function readTable(file: string): TableSource {
  const table = readTableFile(file);
  needOwnKeyrings([table]);
  return table;
}

/** Hints in terms of a disk line, in place of those that name options or properties. */
const HINTS: Partial<Record<ErrorCode, string>> = {
  'loop-file-not-writable': 'for a disk that is only read, say access=ro in the disk line',
  'loop-file-in-use':
    '"losetup -l" and "lsblk" show what uses it: end that; mode w! (or r!) in xenstore allows both',
};
