import type { Command as CommandLine } from 'commander';
import { type DeviceState, type DeviceSummary, listDevices } from '../device/list.js';
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
export function formatLine({ name, uuid, path, major, minor, openCount, state }: DeviceSummary): string {
  return `${path}\t${major}:${minor}\t${stateWords(state, openCount)}\t${uuid}\t${name}`;
}

function stateWords(state: DeviceState, openCount: number): string {
  switch (state) {
    case 'held':
      return `open ${openCount}`;
    case 'being-made':
      return 'being made';
    case 'leaked':
      return 'leaked';
    case 'kept':
      return `kept, open ${openCount}`;
  }
}

export function formatJson(device: DeviceSummary): string {
  return `${toJson(summaryJson(device))}\n`;
}
