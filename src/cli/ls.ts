import type { Command as CommandLine } from 'commander';
import { type DeviceSummary, listDevices } from '../device/list.js';
import { write } from './output.js';

/** Adds `ls` to the command line. */
export function addLs(program: CommandLine): void {
  program
    .command('ls')
    .description("list dmfd's devices on this machine")
    .option('--json', 'one JSON line each')
    .action(({ json }: { json?: true }) => {
      write(
        1,
        listDevices()
          .map(json ? formatJson : formatLine)
          .join(''),
      );
    });
}

/** Tab-separated, name last: it alone may contain blanks. */
export function formatLine({ name, uuid, major, minor, openCount, doomed }: DeviceSummary): string {
  const state = doomed ? `open ${openCount}` : 'leaked';
  return `/dev/dm-${minor}\t${major}:${minor}\t${state}\t${uuid}\t${name}\n`;
}

export function formatJson(device: DeviceSummary): string {
  return `${JSON.stringify(device)}\n`;
}
