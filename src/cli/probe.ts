import type { Command as CommandLine } from 'commander';
import { type Probe, probe } from '../device/probe.js';
import { operate } from '../kernel/kernel.js';
import { describeCommand } from './description.js';
import { toJson } from './json.js';
import { print, tellStep, write } from './output.js';

/** Adds `probe` to the command line. */
export function addProbe(program: CommandLine): void {
  const what =
    'find out what this kernel can do by making and dropping a device; exit status 0 if create can work';
  describeCommand(program.command('probe'), what, ['dmfd probe', 'dmfd probe --json | jq .usable'])
    .option('--json', 'print one JSON line')
    .option('-v, --verbose', 'print each step on stderr, with what the kernel said')
    .action(({ json, verbose }: { json?: true; verbose?: true }) => {
      const found = operate(verbose ? tellStep : undefined, undefined, probe);
      if (json) write(1, formatJson(found));
      else print(...formatProbe(found));
      process.exitCode = found.usable ? 0 : 1;
    });
}

function formatJson(found: Probe): string {
  return `${toJson({ ...withNulls(found), loop: withNulls(found.loop) })}\n`;
}

/** Unknown values are null, not missing. */
function withNulls(fields: object): object {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, value ?? null]));
}

function formatProbe(found: Probe): string[] {
  const rows: [string, string][] = [
    ['device-mapper', found.driverVersion ?? 'not usable'],
    ['create would use', found.mode ?? 'nothing: it cannot work'],
    ['DM_FILE_DESCRIPTOR_FLAG', `the kernel ${found.descriptorAnswer ?? 'could not be asked'}`],
    ['deferred remove', yesNo(found.deferredRemove)],
    ['disk sequence numbers', yesNo(found.diskseq)],
    ['loop devices', formatLoop(found.loop)],
    [
      'targets loaded',
      found.targets.map(({ name, version }) => `${name} ${version.join('.')}`).join(', ') || 'none',
    ],
  ];
  const lines = rows.map(([label, value]) => `${label.padEnd(24)} ${value}`);
  return [...lines, ...found.reasons.map((reason) => `create cannot work: ${reason}`)];
}

function formatLoop({ available, configure, reason }: Probe['loop']): string {
  if (!available) return `no: ${reason ?? 'unknown reason'}`;
  return configure ? 'yes, attached in one call (LOOP_CONFIGURE)' : 'yes, attached in two calls';
}

function yesNo(value: boolean | undefined): string {
  if (value === undefined) return 'unknown';
  return value ? 'yes' : 'no';
}
