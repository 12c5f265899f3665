import type { Command as CommandLine } from 'commander';
import { type DeviceSummary, listDevices } from '../device/list.js';
import { operate } from '../kernel/kernel.js';
import { summaryJson } from './device-json.js';
import { toJson } from './json.js';
import { print, write } from './output.js';

/** Adds `ls` to the command line. */
export function addLs(program: CommandLine): void {
  program
    .command('ls')
    .description("list dmfd's devices on this machine")
    .option('--json', 'print one JSON line for each device')
    .action(({ json }: { json?: true }) => {
      const devices = operate(undefined, undefined, listDevices);
      if (json) write(1, devices.map(formatJson).join(''));
      else print(...devices.map(formatLine));
    });
}

/** Tab-separated, name last: it alone may contain blanks. */
export function formatLine({
  name,
  uuid,
  path,
  major,
  minor,
  openCount,
  deferredRemove,
}: DeviceSummary): string {
  const state = deferredRemove ? `open ${openCount}` : 'leaked';
  return `${path}\t${major}:${minor}\t${state}\t${uuid}\t${name}`;
}

export function formatJson(device: DeviceSummary): string {
  return `${toJson(summaryJson(device))}\n`;
}
