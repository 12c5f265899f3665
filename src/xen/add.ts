import { DmfdError } from '../errors.js';
import type { Kernel } from '../kernel/kernel.js';
import { BackendWait, hexNumber } from './backend.js';
import { Deadline } from './deadline.js';
import { type Disk, type DiskLine, makeDisk, whole } from './disk.js';
import { formatMade, MADE } from './made.js';
import { openOtherSide } from './other-side.js';
import { parseParams, type Syntax } from './params.js';
import { withPinned } from './pinned.js';
import { findOtherSide, isMadeAnew, refuseMadeAnew } from './same-disk.js';
import {
  CLAIMS,
  type Claim,
  claimsOf,
  formatClaims,
  refuseClaimedHere,
  refuseUsedElsewhere,
  refuseUsedHere,
} from './sharing.js';
import { type Nodes, XenStore } from './store.js';
import { claimsNamed, claimsOfTable } from './table-claims.js';
import type { TableReader } from './table-layers.js';
import {
  type AskedVbd,
  isAnother,
  type Mode,
  parseMode,
  pathIn,
  readLine,
  refuseWithdrawn,
  required,
  type Vbd,
} from './vbd.js';

/** Milliseconds, all in all: libxl kills its script after 40 s. */
const LIMIT = 30_000;
/** Milliseconds for telling of a failure, when those are up. */
const LIMIT_TO_TELL = 3000;

export interface AddRequest {
  readonly syntax: Syntax;
  readonly readTable: TableReader;
  /** Called before the disk is published: from then on, this cannot be done over again. */
  readonly beforePublishing: () => void;
  /** Milliseconds in place of {@link LIMIT}: for tests. */
  readonly limit?: number;
}

/**
 * Makes what a domain's disk line asks for, tells blkback of it, and lets go of it when blkback has it open. When it throws, or
 * this process is killed, nothing is left; why stands in xenstore then, too, for the toolstack.
 *
 * @returns warnings
 * @throws DmfdError as `createDevice()`, and `xen-disk-invalid`, `xen-disk-withdrawn`, `xen-backend-failed`, `xenstore-failed`
 */
export function addDisk(kernel: Kernel, vbd: Vbd, request: AddRequest): readonly string[] {
  let asked: AskedVbd = { ...vbd, line: undefined };
  try {
    const deadline = new Deadline(request.limit ?? LIMIT);
    return XenStore.with(kernel, deadline, (store) => {
      asked = { ...vbd, line: readLine(store, vbd) };
      return add(kernel, store, asked, request, deadline);
    });
  } catch (error) {
    if (error instanceof DmfdError) tell(kernel, asked, error);
    throw error;
  }
}

function add(
  kernel: Kernel,
  store: XenStore,
  vbd: AskedVbd,
  request: AddRequest,
  deadline: Deadline,
): readonly string[] {
  // It may be run twice.
  if (isPublished(store, vbd)) return [];
  refuseWithdrawn(store, vbd);
  const params = parseParams(required(vbd, 'params'), request.syntax);
  const mode = parseMode(required(vbd, 'mode'));
  const wait = new BackendWait(kernel, store, vbd);
  const made =
    openClaimed(kernel, store, vbd) ??
    withPinned(params, request.readTable, (pinned, asWritten) =>
      makeClaimed(kernel, store, vbd, { params: pinned, asWritten, mode }),
    );
  if (made === undefined) return [];
  const { disk, claims } = made;
  try {
    request.beforePublishing();
    if (!store.transaction((nodes) => publish(nodes, vbd, told(disk, claims)))) return [];
    wait.until(disk, deadline);
  } catch (error) {
    takeBack(kernel, vbd, hexNumber(disk));
    throw error;
  } finally {
    disk.close();
  }
  store.transaction((nodes) => {
    refuseWithdrawn(nodes, vbd);
    nodes.write(pathIn(vbd, 'hotplug-status'), 'connected');
  });
  return disk.warnings;
}

interface Claimed {
  readonly disk: Disk;
  /** Of what it stands on, and of itself where it was made. */
  readonly claims: readonly Claim[];
}

/** The device of the other side of the disk, when others know that it is used here, too; undefined when there is none. */
function openClaimed(kernel: Kernel, store: XenStore, vbd: AskedVbd): Claimed | undefined {
  if (findOtherSide(store, vbd) === undefined) return undefined;
  const other = store.transaction((nodes) => {
    refuseWithdrawn(nodes, vbd);
    const found = isPublished(nodes, vbd) ? undefined : findOtherSide(nodes, vbd);
    if (found !== undefined) nodes.write(pathIn(vbd, CLAIMS), formatClaims(found.claims));
    return found;
  });
  return other === undefined
    ? undefined
    : orTakeBack(kernel, vbd, () => ({ disk: openOtherSide(kernel, other), claims: other.claims }));
}

/** The disk, when others know what it uses; undefined when another run of this was faster. */
function makeClaimed(kernel: Kernel, store: XenStore, vbd: AskedVbd, line: DiskLine): Claimed | undefined {
  const { params, mode } = line;
  const named = params.form === 'table' ? claimsNamed(params.layers, mode) : claimsOf(params, mode);
  // Before the disk is made: some disks are written to then.
  if (!claimed(store, vbd, line, named)) return undefined;
  return orTakeBack(kernel, vbd, () => {
    if (!mode.shared) refuseClaimedHere(kernel, named);
    const disk = makeDisk(kernel, vbd, line);
    if (params.form !== 'table') return { disk, claims: withOwn(disk, mode, named) };
    // What the kernel has open may be more than what the lines name.
    return whole(disk, () => {
      const claims = claimsOfTable(kernel, disk.made, mode);
      if (claimed(store, vbd, line, claims)) return { disk, claims: withOwn(disk, mode, claims) };
      disk.close();
      return undefined;
    });
  });
}

function withOwn(disk: Disk, { readOnly }: Mode, claims: readonly Claim[]): readonly Claim[] {
  if (disk.made.length === 0) return claims;
  const own = { major: disk.major, minor: disk.minor, write: !readOnly };
  // What is below it, and is written to by it alone, may have no claim of its own: a pool, or a file.
  const isOverBase = !readOnly && claims.some(({ write }) => !write);
  return [{ ...own, ...(isOverBase ? { overBase: true } : {}) }, ...claims];
}

function isPublished(nodes: Nodes, vbd: Vbd): boolean {
  return nodes.read(pathIn(vbd, 'physical-device')) !== undefined;
}

/** Tells others what this disk is going to use, if it may. False when another run of this was faster. */
function claimed(
  store: XenStore,
  vbd: AskedVbd,
  { params, mode: { shared } }: DiskLine,
  claims: readonly Claim[],
): boolean {
  if (claims.length === 0 && (shared || !isMadeAnew(params))) return true;
  if (!shared) refuseUsedHere(claims);
  return store.transaction((nodes) => {
    refuseWithdrawn(nodes, vbd);
    if (isPublished(nodes, vbd)) return false;
    if (!shared) {
      refuseMadeAnew(nodes, vbd, params);
      refuseUsedElsewhere(nodes, vbd, claims);
    }
    if (claims.length > 0) nodes.write(pathIn(vbd, CLAIMS), formatClaims(claims));
    return true;
  });
}

/** Tells the backend of the disk. As {@link claimed}. */
function publish(nodes: Nodes, vbd: AskedVbd, values: Readonly<Record<string, string>>): boolean {
  refuseWithdrawn(nodes, vbd);
  if (isPublished(nodes, vbd)) return false;
  for (const [name, value] of Object.entries(values)) nodes.write(pathIn(vbd, name), value);
  return true;
}

const NODES = ['physical-device', 'physical-device-path', 'diskseq', CLAIMS, MADE] as const;

/** The nodes that are written for a disk. */
function told(disk: Disk, claims: readonly Claim[]): Record<(typeof NODES)[number], string> {
  return {
    'physical-device': hexNumber(disk),
    'physical-device-path': disk.path,
    // As many digits as a patched blkback wants.
    diskseq: disk.diskseq.toString(16).padStart(16, '0'),
    [CLAIMS]: formatClaims(claims),
    [MADE]: formatMade(disk.made),
  };
}

/** Others are told that what this disk was going to use is free again when that fails. */
function orTakeBack<T>(kernel: Kernel, vbd: AskedVbd, work: () => T): T {
  try {
    return work();
  } catch (error) {
    takeBack(kernel, vbd, undefined);
    throw error;
  }
}

/**
 * While the disk is held still: its number may be another device's soon, which blkback must not find there then.
 *
 * @param published its number, if that was told
 */
function takeBack(kernel: Kernel, vbd: AskedVbd, published: string | undefined): void {
  whileFailing(kernel, (nodes) => {
    const now = nodes.read(pathIn(vbd, 'physical-device'));
    // Those of another run of this, or of another disk.
    if ((now !== undefined && now !== published) || isAnother(nodes, vbd)) return;
    for (const name of NODES) nodes.remove(pathIn(vbd, name));
  });
}

/** Nothing is written where there is no disk any more, for that would make it again, nor at another one. */
function tell(kernel: Kernel, vbd: AskedVbd, { message, kernelLog, kind }: DmfdError): void {
  const text = [message, ...kernelLog].join('; ').slice(0, 1000);
  whileFailing(kernel, (nodes) => {
    if (nodes.read(pathIn(vbd, 'state')) === undefined || isAnother(nodes, vbd)) return;
    nodes.write(pathIn(vbd, 'hotplug-error'), text);
    nodes.write(pathIn(vbd, 'hotplug-status'), kind === 'taken' ? 'busy' : 'error');
  });
}

/** Over a connection of its own, for the other one may be what has failed. The first error is what counts. */
function whileFailing(kernel: Kernel, work: (nodes: Nodes) => void): void {
  try {
    XenStore.with(kernel, new Deadline(LIMIT_TO_TELL), (store) => store.transaction(work));
  } catch (error) {
    if (!(error instanceof DmfdError)) throw error;
  }
}
