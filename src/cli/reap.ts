import type { Command as CommandLine } from 'commander';
import type { DeviceSummary } from '../device/list.js';
import { checkReapRequest, reapDevices } from '../device/reap.js';
import { operate } from '../kernel/kernel.js';
import { print } from './output.js';

/** Adds `reap` to the command line. */
export function addReap(program: CommandLine): void {
  program
    .command('reap')
    .description('remove devices leaked because dmfd and its helper process were killed at the same instant')
    .argument(
      '[NAME...]',
      'leaked devices whose UUID was given with --uuid (default: all with a UUID of dmfd)',
    )
    .option('--dry-run', 'remove nothing, and print what would be removed')
    .action((devices: string[], { dryRun = false }: { dryRun?: boolean }) => {
      const request = checkReapRequest(devices.length === 0 ? { dryRun } : { devices, dryRun });
      const reaped = operate(undefined, undefined, (kernel) => reapDevices(kernel, request));
      for (const device of reaped.devices) print(`${device.name}: ${fate(device, dryRun)}`);
      for (const { name } of reaped.beingMade) print(`${name}: being made, left alone`);
      for (const { minor, file, detached } of reaped.loops) {
        print(`/dev/loop${minor} (${file}): ${loopFate(detached, dryRun)}`);
      }
      for (const { path, target } of reaped.links) {
        print(`${path} -> ${target}: stale link, ${dryRun ? 'would be removed' : 'removed'}`);
      }
    });
}

function loopFate(detached: boolean, dryRun: boolean): string {
  if (dryRun) return 'would be detached when nobody uses it';
  return detached ? 'detached' : 'detaches when nobody uses it';
}

function fate({ openCount }: DeviceSummary, dryRun: boolean): string {
  if (dryRun) return openCount > 0 ? `would go with its last holder (open ${openCount})` : 'would be removed';
  return openCount > 0 ? `goes when its last holder does (open ${openCount})` : 'removed';
}
