import { DmfdError } from '../errors.js';
import type { Nodes } from './store.js';

/** A disk of a domain, as xenstore has it on the side of the backend (a "virtual block device"). */
export interface Vbd {
  /** `backend/vbd/3/51712`, below this domain's own node or from the root. */
  readonly path: string;
  /** The text before `backend/vbd/…`: empty, or `/local/domain/0/`. */
  readonly home: string;
  /** The domain that gets the disk. */
  readonly domain: number;
  /** The disk's number in it. */
  readonly device: number;
}

/** The nodes by which the toolstack says what disk it wants. */
export const LINE = ['params', 'mode'] as const;
type Line = Readonly<Record<(typeof LINE)[number], string | undefined>>;

/** A disk as it was asked for. At the same path, another one may be asked for later. */
export interface AskedVbd extends Vbd {
  /** undefined until it has been read. */
  readonly line: Line | undefined;
}

export function readLine(nodes: Nodes, vbd: Vbd): Line {
  return { params: nodes.read(pathIn(vbd, 'params')), mode: nodes.read(pathIn(vbd, 'mode')) };
}

/** From here on, numbers of domains have special meanings (xen/public/xen.h: DOMID_FIRST_RESERVED). */
const FIRST_RESERVED = 0x7ff0;
const LARGEST_DEVICE = 0xffff_ffff;

/** @param path the variable XENBUS_PATH @throws DmfdError `usage` */
export function parseVbd(path: string | undefined): Vbd {
  const [, home = '', domain, device] =
    /^(\/local\/domain\/\d{1,5}\/)?backend\/vbd\/(0|[1-9]\d{0,4})\/(0|[1-9]\d{0,9})$/.exec(path ?? '') ?? [];
  const vbd = { path: path ?? '', home, domain: Number(domain), device: Number(device) };
  if (vbd.domain < FIRST_RESERVED && vbd.device <= LARGEST_DEVICE) return vbd;
  throw new DmfdError(
    'xen-disk-invalid',
    path === undefined
      ? 'the variable XENBUS_PATH is not set'
      : `the variable XENBUS_PATH is ${JSON.stringify(path)}`,
    { hint: 'libxl sets it, to backend/vbd/DOMAIN/DEVICE; this command is not for people' },
  );
}

/** The node of this name. */
export function pathIn({ path }: Vbd, name: string): string {
  return `${path}/${name}`;
}

/** As blkback knows it. */
export function sysfsName({ domain, device }: Vbd): string {
  return `vbd-${domain}-${device}`;
}

/** These of XenbusState. */
const CLOSING = '5';
const CLOSED = '6';

/**
 * Whether the toolstack wants the disk still.
 *
 * @throws DmfdError `taken` where it does not
 */
export function refuseWithdrawn(nodes: Nodes, vbd: AskedVbd): void {
  const state = nodes.read(pathIn(vbd, 'state'));
  if (isEnding(state) || isAnother(nodes, vbd)) throw withdrawn(vbd, state);
}

/** Whether the disk at this path is not the one that was asked for. */
export function isAnother(nodes: Nodes, vbd: AskedVbd): boolean {
  return LINE.some((name) => vbd.line !== undefined && nodes.read(pathIn(vbd, name)) !== vbd.line[name]);
}

/** @param state undefined where the node is gone */
export function isEnding(state: string | undefined): boolean {
  return state === undefined || state === CLOSING || state === CLOSED;
}

/** @param state undefined where the node is gone; one of a disk that is wanted, where that is another one */
export function withdrawn(vbd: Vbd, state: string | undefined): DmfdError {
  const closed =
    state === undefined ? 'it is gone from xenstore' : `its state is ${state}, so it is being closed`;
  const what = isEnding(state) ? closed : 'another disk is asked for there';
  return new DmfdError('xen-disk-withdrawn', `${vbd.path}: ${what}`);
}

/** The access of the domain. */
export interface Mode {
  readonly readOnly: boolean;
  /** Other users of what the disk consists of do not matter. */
  readonly shared: boolean;
}

/** Reads the node `mode`. @throws DmfdError `usage` */
export function parseMode(text: string): Mode {
  const [, access, unchecked] = /^(r|w|ro|rw|)(!?)$/.exec(text) ?? [];
  if (access === undefined || text === '')
    throw new DmfdError('xen-disk-invalid', `mode ${JSON.stringify(text)}: it has to be r, w, r! or w!`);
  return { readOnly: !access.includes('w'), shared: unchecked === '!' };
}

/** The value of a node that has to be there. @throws DmfdError `usage` */
export function required(vbd: AskedVbd, name: (typeof LINE)[number]): string {
  const value = vbd.line?.[name];
  if (value !== undefined) return value;
  throw new DmfdError('xen-disk-invalid', `${pathIn(vbd, name)}: xenstore has no such node`);
}
