/**
 * The link /dev/mapper/NAME, for machines where udev does not make it. It is there while a handle of the device is open, so it
 * leads to no other device: the number is the device's as long as that is held. A process that is killed leaves it behind.
 *
 * @module
 */
import { closeSync, constants, openSync, symlinkSync, unlinkSync } from 'node:fs';
import { type DeviceNumber, nodeOf } from '../dm/device-number.js';
import { mangle } from '../dm/mangling.js';
import { DmfdError, NODE_HINT } from '../errors.js';
import { isBlockNodeAt } from '../kernel/block-device.js';
import type { DmControl } from '../kernel/dm-control.js';
import { resultName } from '../kernel/errno.js';
import type { Kernel } from '../kernel/kernel.js';
import { retryWhileLeaving } from '../kernel/leaving.js';
import { linkIfThere, listIfThere } from '../kernel/pseudo-files.js';
import { shim } from '../kernel/shim.js';
import { isUdevRunning, readUdevEntry } from '../kernel/udev-database.js';
import { isLinkThere } from './udev.js';

const DIRECTORY = '/dev/mapper';

/** A link of dmfd's whose device is gone, or has another name by now. */
export interface StaleLink {
  readonly path: string;
  /** Its text. */
  readonly target: string;
}

/** Leads where udev's would, and differs from it by a needless dot: links of others are not removed. */
function targetOf({ minor }: Pick<DeviceNumber, 'minor'>): string {
  return `.././dm-${minor}`;
}

const OURS = /^\.\.\/\.\/dm-(\d+)$/;

/** The link has the name that the kernel has, as udev's. */
function pathOf(name: string): string {
  return `${DIRECTORY}/${mangle(name)}`;
}

const OF_UDEV = /^\.\.\/dm-\d+$/;

/**
 * Refuses a name under which there is something already, as far as it is not a device's, which the kernel will refuse. A link that
 * udev has yet to take away, because the device has just gone, is waited for.
 *
 * @throws DmfdError `taken`
 */
export function refuseTakenLink(kernel: Kernel, dm: DmControl, name: string): void {
  const path = pathOf(name);
  const isFree = (): boolean => !isLinkThere(path) || isOurs(path) || dm.status({ name }) !== undefined;
  if (!retryWhileLeaving(kernel, isFree, isLeavingAt(path))) throw linkTaken(name, path);
}

function isLeavingAt(path: string): () => boolean {
  return () => isUdevRunning() && OF_UDEV.test(linkIfThere(path) ?? '');
}

/**
 * Makes the link of a device that is held. One of dmfd's own that is in the way is stale: the name is this device's now.
 *
 * @param since when there was no such device yet, by {@link udevClock}
 * @returns the link; undefined where another program has made one that leads to the device, and will remove it
 * @throws DmfdError `taken`, `system`
 */
export function makeMapperLink(
  kernel: Kernel,
  device: DeviceNumber & { readonly name: string },
  since: bigint,
): string | undefined {
  const node = nodeOf(device);
  if (!isBlockNodeAt(node, device)) {
    throw new DmfdError(
      'node-missing',
      `device ${device.name}: /dev has no node for it that a link could lead to`,
      {
        operation: `stat ${node}`,
        device: device.name,
        hint: NODE_HINT,
      },
    );
  }
  const path = pathOf(device.name);
  let made: string | undefined;
  const attempt = (): boolean => {
    if (isPending(path, device, since)) return false;
    if (isOurs(path)) unlinkIfThere(path);
    if (isBlockNodeAt(path, device)) return true;
    if (isLinkThere(path)) return false;
    const operation = `make the link ${path}`;
    const result = kernel.call(operation, () => {
      symlinkSync(targetOf(device), path);
      return 0;
    });
    if (result >= 0) made = path;
    else if (resultName(result) !== 'EEXIST')
      throw kernel.failure(operation, result, { code: 'link-failed', device: device.name });
    return result >= 0;
  };
  const isLeaving = (): boolean => isLeavingAt(path)() || isPending(path, device, since);
  if (retryWhileLeaving(kernel, () => whileAlone(kernel, attempt), isLeaving)) return made;
  throw linkTaken(device.name, path);
}

/** Whether udev has yet to take away the link of a device that had number and name before: it would take whichever is there. */
function isPending(path: string, device: DeviceNumber, since: bigint): boolean {
  if (!isUdevRunning()) return false;
  const { initialized, links } = readUdevEntry(device);
  return initialized < since && links.includes(path);
}

/** Takes it away, if it still is the link that was made. */
export function removeMapperLink(path: string, device: Pick<DeviceNumber, 'minor'>): void {
  if (linkIfThere(path) === targetOf(device)) unlinkIfThere(path);
}

/** Takes the links of dmfd's away that lead to no device of their name; with `dryRun` only finds them. */
export function removeStaleLinks(kernel: Kernel, dm: DmControl, dryRun: boolean): StaleLink[] {
  const found = listIfThere(DIRECTORY).map((entry) => `${DIRECTORY}/${entry}`);
  if (!found.some(isOurs)) return [];
  return whileAlone(kernel, () => {
    const links = found.filter(isOurs).map((path) => ({ path, target: linkIfThere(path) ?? '' }));
    // After the links: one that is made has its device.
    const right = dm.listDevices().flatMap(({ name, dev }) =>
      // A list shows a name that is no text as the kernel has it.
      [pathOf(name), `${DIRECTORY}/${name}`].map((path) => `${path} ${targetOf(dev)}`),
    );
    const stale = links.filter(({ path, target }) => !right.includes(`${path} ${target}`));
    return dryRun ? stale : stale.filter(({ path }) => unlinkIfThere(path));
  });
}

const PATIENCE = 50;
const PAUSE = 20;

/**
 * Works on links while no other dmfd does, under a lock that is held for microseconds. Any process may lock that directory, so a lock
 * that is held for longer is ignored.
 */
function whileAlone<T>(kernel: Kernel, action: () => T): T {
  const fd = kernel.must(
    `open ${DIRECTORY}`,
    () => openSync(DIRECTORY, constants.O_RDONLY | constants.O_DIRECTORY),
    { code: 'link-failed' },
  );
  try {
    for (let tries = 0; tries < PATIENCE && resultName(shim.lock(fd)) === 'EAGAIN'; tries++)
      kernel.pause(PAUSE);
    return action();
  } finally {
    closeSync(fd);
  }
}

function isOurs(path: string): boolean {
  return OURS.test(linkIfThere(path) ?? '');
}

function unlinkIfThere(path: string): boolean {
  try {
    unlinkSync(path);
    return true;
  } catch {
    return false;
  }
}

function linkTaken(name: string, path: string): DmfdError {
  return new DmfdError('link-taken', `device ${name}: there is something called ${path} already`, {
    operation: `make the link ${path}`,
    errno: 'EEXIST',
    device: name,
    hint: 'choose another name; or remove it, if it leads to no device that is in use',
  });
}
