import type { Command as CommandLine } from 'commander';
import { findHoldersOf } from '../device/holders.js';
import { listDevices } from '../device/list.js';
import { served } from '../handoff/served.js';
import { operate } from '../kernel/kernel.js';
import { columnsOf } from './blocking-terminal.js';
import { describeCommand } from './description.js';
import { COLUMN_NAMES, type DeviceColumn, type ListedDevice, parseColumns } from './device-columns.js';
import { summaryJson } from './device-json.js';
import { toJson } from './json.js';
import { isTerminal, write } from './output.js';
import { formatRows, type Look } from './text-table.js';
import { usageError } from './usage-error.js';

interface Options {
  readonly all?: true;
  readonly json?: true;
  readonly columns?: string;
  readonly noheadings?: true;
}

/** Adds `ls` to the command line. */
export function addLs(program: CommandLine): void {
  describeCommand(program.command('ls'), "list dmfd's devices on this machine, and who holds them", [
    'dmfd ls',
    'dmfd ls --all -o name,size,held-by',
    "dmfd ls --json | jq -r 'select(.openCount == 0).name'",
  ])
    .option('-a, --all', 'list all devices of device-mapper, also those of other programs')
    .option('--json', 'print one JSON line for each device')
    .option('-o, --columns <COLUMNS>', `print these columns, separated by commas: ${COLUMN_NAMES.join(', ')}`)
    .option('-n, --noheadings', 'print no headings')
    .action(list);
}

function list({ all, json, columns: wanted, noheadings }: Options): void {
  if (json && (wanted !== undefined || noheadings)) {
    throw usageError('--json excludes -o and -n: each JSON line has everything, by name');
  }
  const columns = parseColumns('-o', wanted);
  const devices = operate(undefined, undefined, (kernel) => listDevices(kernel, { all: all ?? false }));
  const shown = json || columns.some(({ isOfHolders }) => isOfHolders) ? devices : [];
  const holders = findHoldersOf(shown);
  const listed = devices.map((device, index) => ({ device, holders: holders[index] ?? [] }));
  const lines = json
    ? listed.map(formatJson)
    : formatDevices(
        listed,
        columns,
        { headings: !noheadings, colour: isColourWanted(), width: terminalWidth() },
        new Date(),
      );
  write(1, lines.map((line) => `${line}\n`).join(''));
}

export function formatDevices(
  listed: readonly ListedDevice[],
  columns: readonly DeviceColumn[],
  look: Look,
  now: Date,
): string[] {
  return formatRows(
    columns,
    listed.map((one) => columns.map(({ cell }) => cell(one, now))),
    look,
  );
}

export function formatJson({ device, holders }: ListedDevice): string {
  return toJson(summaryJson(device, holders));
}

/** Where people read it; what goes into a file or a pipe is not wrapped. */
function terminalWidth(): number | undefined {
  return isTerminal(1) ? (served()?.columns ?? columnsOf(1)) || 80 : undefined;
}

/** As https://no-color.org has it. */
function isColourWanted(): boolean {
  return !process.env.NO_COLOR && process.env.TERM !== 'dumb' && isTerminal(1);
}
