import { claimantsOf } from '../device/holders.js';
import { type DeviceNumber, formatDeviceNumber, parseDeviceNumber } from '../dm/device-number.js';
import { DmfdError } from '../errors.js';
import { blockDeviceAt, diskseqInSys } from '../kernel/block-device.js';
import { mountedDevices, swapDevices } from '../kernel/block-users.js';
import { isHeldExclusively } from '../kernel/exclusive.js';
import type { Kernel } from '../kernel/kernel.js';
import { listIfThere, readIfThere } from '../kernel/pseudo-files.js';
import { backingPathOf } from '../loop/attached.js';
import { LOOP_MAJOR } from '../loop/protocol.js';
import { isSameMachine } from './machine.js';
import { MADE, parseMade } from './made.js';
import type { NamingParams } from './pinned.js';
import type { Nodes } from './store.js';
import type { Mode, Vbd } from './vbd.js';

/**
 * Which users may share a block device, by the numbers of the devices and by what they stand on. Files are not looked at here:
 * no loop device is attached to one that another loop device writes to.
 *
 * @module
 */

/** A block device that a disk reads from, or writes to, too. */
export interface Claim extends DeviceNumber {
  readonly write: boolean;
  /** It is one that dmfd made for this disk, and reads something below: that has a claim of its own. */
  readonly overBase?: true;
}

/** A claim of a block device that the disk line names. */
export interface NamedClaim extends Claim {
  /** Not of one that a table names: the kernel looks who has that. */
  readonly path?: string;
}

/** The node that tells the claims of a disk to others; it goes with the disk. */
export const CLAIMS = 'dmfd-claims';

/** The block devices that a disk line names. Those of a table: table-claims.ts. */
export function claimsOf(params: NamingParams, { readOnly }: Mode): NamedClaim[] {
  const named = (path: string | undefined, write: boolean): NamedClaim[] => {
    const device = path === undefined ? undefined : blockDeviceAt(path);
    return path === undefined || device === undefined ? [] : [{ ...device, write, path }];
  };
  switch (params.form) {
    case 'path':
      return named(params.path, !readOnly);
    case 'crypt':
      return named(params.path, true);
    case 'overlay':
    case 'crypt-overlay':
      return [...named(params.base, false), ...named(params.cow, true)];
    case 'snapshot':
      return [...named(params.base, false), ...named(params.cow, true), ...named(params.top, true)];
  }
}

/** `r` is only read, `w` written to, `m` written to over what is only read. */
export function formatClaims(claims: readonly Claim[]): string {
  const letter = ({ write, overBase }: Claim): string => (write ? (overBase ? 'm' : 'w') : 'r');
  return claims.map((claim) => `${letter(claim)}${formatDeviceNumber(claim)}`).join(' ');
}

export function parseClaims(text: string): Claim[] {
  return text.split(' ').flatMap((word) => {
    const device = parseDeviceNumber(word.slice(1));
    if (device === undefined || !/^[rwm]/.test(word)) return [];
    return [{ ...device, write: !word.startsWith('r'), ...(word.startsWith('m') ? { overBase: true } : {}) }];
  });
}

/** @throws DmfdError `taken` when this domain has one of them mounted, or as swap, in a way that does not go with the claim */
export function refuseUsedHere(claims: readonly Claim[]): void {
  if (claims.length === 0) return;
  const found = uses();
  for (const claim of claims) {
    const use = found.find((other) => conflict(claim, other));
    if (use !== undefined) throw inUse(claim, `here, as ${use.what}`);
  }
}

/**
 * Refuses devices to write to that something here has exclusively: a file system on several devices is mounted by one of
 * their names, and an array or a volume group has devices without being mounted. blkback claims nothing, and device-mapper shares
 * its claim among all its devices, so the kernel would let the domain write below them.
 *
 * @throws DmfdError `taken`
 */
export function refuseClaimedHere(kernel: Kernel, claims: readonly NamedClaim[]): void {
  for (const claim of claims) {
    const { path, write } = claim;
    if (path === undefined || !write || !isHeldExclusively(kernel, path, path)) continue;
    throw inUse(claim, `here: ${claimantsOf(claim)}`);
  }
}

/**
 * Looks at all disks of other domains. In a transaction with the writing of one's own claims, one of two that look at the same
 * time sees the other.
 *
 * @throws DmfdError `taken`
 */
export function refuseUsedElsewhere(nodes: Nodes, vbd: Vbd, claims: readonly Claim[]): void {
  if (claims.length === 0) return;
  const all = `${vbd.home}backend/vbd`;
  for (const domain of nodes.list(all) ?? []) {
    for (const device of nodes.list(`${all}/${domain}`) ?? []) {
      const path = `${all}/${domain}/${device}`;
      if (path === vbd.path) continue;
      const theirs = claimsIn(nodes, path);
      for (const claim of claims) {
        if (!theirs.some((other) => conflict(claim, other))) continue;
        if (isSameMachine(nodes, vbd.domain, domain) || isLeft(nodes, path)) continue;
        throw inUse(claim, `by domain ${domain} (${path})`);
      }
    }
  }
}

/**
 * A script that was killed when it had told of its device leaves its claims, with the number of that, which another device may get.
 * Kernels before 5.15 cannot tell the two apart.
 */
function isLeft(nodes: Nodes, path: string): boolean {
  const [own] = parseMade(nodes.read(`${path}/${MADE}`) ?? '');
  return own !== undefined && own.diskseq !== 0n && diskseqInSys(own) !== own.diskseq;
}

/** Those of another script have their device alone there. */
function claimsIn(nodes: Nodes, path: string): Claim[] {
  const told = nodes.read(`${path}/${CLAIMS}`);
  if (told !== undefined) return parseClaims(told);
  const [, major, minor] =
    /^([0-9a-f]+):([0-9a-f]+)$/i.exec(nodes.read(`${path}/physical-device`) ?? '') ?? [];
  if (major === undefined || minor === undefined) return [];
  const write = (nodes.read(`${path}/mode`) ?? 'w').includes('w');
  return [{ major: Number.parseInt(major, 16), minor: Number.parseInt(minor, 16), write }];
}

/**
 * Whether one stands on the other, and one of them writes. Two parts of one disk do not. What is below an
 * overlay has claims of its own, for its base is only read.
 */
function conflict(one: Claim, other: Claim): boolean {
  if (!one.write && !other.write) return false;
  return isOn(one, other) || (!other.overBase && isOn(other, one));
}

function isOn(upper: DeviceNumber, lower: DeviceNumber, seen = new Set<string>()): boolean {
  const number = formatDeviceNumber(upper);
  if (number === formatDeviceNumber(lower)) return true;
  if (seen.has(number)) return false;
  seen.add(number);
  return directlyBelow(upper).some((device) => isOn(device, lower, seen));
}

/** The disk of a partition, what a mapped device or an array consists of, and the block device that a loop device has. */
function directlyBelow(device: DeviceNumber): DeviceNumber[] {
  const directory = `/sys/dev/block/${formatDeviceNumber(device)}`;
  const disk = readIfThere(`${directory}/partition`) === '' ? [] : [readIfThere(`${directory}/../dev`)];
  const slaves = listIfThere(`${directory}/slaves`).map((name) =>
    readIfThere(`${directory}/slaves/${name}/dev`),
  );
  const numbers = [...disk, ...slaves].flatMap((text) => parseDeviceNumber(text) ?? []);
  if (device.major !== LOOP_MAJOR) return numbers;
  const backing = blockDeviceAt(backingPathOf(device.minor));
  return backing === undefined ? numbers : [...numbers, backing];
}

interface Use extends Claim {
  readonly what: string;
}

function uses(): Use[] {
  return [
    ...mountedDevices().map((device) => ({
      ...device,
      write: !device.readOnly,
      what: `mount ${device.path}`,
    })),
    ...swapDevices().map((device) => ({ ...device, write: true, what: `swap ${device.path}` })),
  ];
}

function inUse(claim: Claim, where: string): DmfdError {
  const how = claim.write ? 'it cannot be written to' : 'it cannot be read, while it is written to there';
  return new DmfdError(
    'backing-in-use',
    `block device ${formatDeviceNumber(claim)}: it is in use ${where}; ${how}`,
    { hint: 'end what uses it; mode w! (or r!) in xenstore allows both' },
  );
}
