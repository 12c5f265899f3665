import { DmfdError } from '../errors.js';
import type { Kernel } from '../kernel/kernel.js';
import { runProgram } from '../kernel/program.js';

const TAG = /^(LABEL|UUID|PARTLABEL|PARTUUID)=(.*)$/s;
/** blkid(8): no device has the tag. */
const NOTHING_FOUND = 2;

/** Whether a path is a tag: `LABEL=…`, and so on. */
export function isTag(path: string): boolean {
  return TAG.test(path);
}

/**
 * The block device that a tag names, looked for on all devices now, without blkid's cache; any other path is its own.
 *
 * @throws DmfdError `usage` when no device has the tag, or more than one
 */
export function resolveTag(kernel: Kernel, path: string): string {
  const [, name, value] = TAG.exec(path) ?? [];
  if (name === undefined || value === undefined) return path;
  // As in /etc/fstab.
  const plain = /^"(.*)"$/s.exec(value)?.[1] ?? value;
  if (plain === '')
    throw unresolved(path, `nothing stands after ${name}=`, `for a file of that name: ./${path}`);
  let devices: string[] = [];
  kernel.call(`blkid --match-token ${name}=…`, () => {
    const words = ['--cache-file', '/dev/null', '--match-token', `${name}=${plain}`, '--output', 'device'];
    const { status, stdout, complaint } = runProgram('blkid', words);
    if (status !== 0 && status !== NOTHING_FOUND) throw unresolved(path, `blkid: ${complaint}`);
    devices = stdout.split('\n').filter((line) => line !== '');
    return 0;
  });
  const [device, ...others] = devices;
  if (device === undefined) {
    throw unresolved(
      path,
      'no block device has that tag',
      `"blkid" lists them; for a file of that name: ./${path}`,
    );
  }
  if (others.length > 0) {
    throw unresolved(
      path,
      `${devices.join(' and ')} have that tag`,
      'give the path of the one that is meant',
    );
  }
  return device;
}

function unresolved(path: string, what: string, hint?: string): DmfdError {
  return new DmfdError('backing-unusable', `${JSON.stringify(path)}: ${what}`, { hint });
}
