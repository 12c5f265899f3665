import type { Command as CommandLine } from 'commander';
import type { DeviceSummary } from '../device/list.js';
import { checkReapRequest, type Reaped, reapDevices } from '../device/reap.js';
import { formatDeviceNumber } from '../dm/device-number.js';
import { keepIt } from '../handoff/served.js';
import { operate } from '../kernel/kernel.js';
import { describeCommand } from './description.js';
import { summaryJson } from './device-json.js';
import { toJson } from './json.js';
import { print, write } from './output.js';

/** Adds `reap` to the command line. */
export function addReap(program: CommandLine): void {
  const what = 'remove devices leaked because dmfd and its helper process were killed at the same instant';
  describeCommand(program.command('reap'), what, ['dmfd reap --dry-run', 'dmfd reap'])
    .argument(
      '[NAME...]',
      'leaked devices whose UUID was given with --uuid (default: all with a UUID of dmfd)',
    )
    .option('--dry-run', 'remove nothing, and print what would be removed')
    .option('--json', 'print one JSON line for each device, loop device and link')
    .action((devices: string[], { dryRun = false, json = false }: { dryRun?: boolean; json?: boolean }) => {
      const request = checkReapRequest(devices.length === 0 ? { dryRun } : { devices, dryRun });
      // Done once more, it would tell nothing of what was removed the first time.
      if (!dryRun) keepIt();
      const reaped = operate(undefined, undefined, (kernel) => reapDevices(kernel, request));
      if (json) write(1, formatReapedJson(reaped, dryRun));
      else print(...formatReaped(reaped, dryRun));
    });
}

export function formatReaped({ devices, beingMade, loops, links }: Reaped, dryRun: boolean): string[] {
  return [
    ...devices.map((device) => `${device.name}: ${fate(device, dryRun)}`),
    ...beingMade.map(({ name }) => `${name}: being made, left alone`),
    ...loops.map(({ minor, file, detached }) => `/dev/loop${minor} (${file}): ${loopFate(detached, dryRun)}`),
    ...links.map(
      ({ path, target }) => `${path} -> ${target}: stale link, ${dryRun ? 'would be removed' : 'removed'}`,
    ),
  ];
}

/** With `dryRun`, a result is what would be; users of a loop device are not looked for beforehand. */
export function formatReapedJson({ devices, beingMade, loops, links }: Reaped, dryRun: boolean): string {
  const lines = [
    ...devices.map((device) => ({
      type: 'device',
      ...summaryJson(device),
      result: device.openCount > 0 ? 'held' : 'removed',
    })),
    ...beingMade.map((device) => ({ type: 'device', ...summaryJson(device), result: 'left-alone' })),
    ...loops.map(({ major, minor, diskseq, file, detached }) => ({
      type: 'loop',
      path: `/dev/loop${minor}`,
      dev: formatDeviceNumber({ major, minor }),
      major,
      minor,
      diskseq,
      file,
      result: dryRun ? null : detached ? 'detached' : 'held',
    })),
    ...links.map(({ path, target }) => ({ type: 'link', path, target, result: 'removed' })),
  ];
  return lines.map((line) => `${toJson({ ...line, dryRun })}\n`).join('');
}

function loopFate(detached: boolean, dryRun: boolean): string {
  if (dryRun) return 'would be detached when nobody uses it';
  return detached ? 'detached' : 'detaches when nobody uses it';
}

function fate({ openCount }: DeviceSummary, dryRun: boolean): string {
  if (dryRun) return openCount > 0 ? `would go with its last holder (open ${openCount})` : 'would be removed';
  return openCount > 0 ? `goes when its last holder does (open ${openCount})` : 'removed';
}
