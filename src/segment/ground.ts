import { closeSync, fstatSync, readSync, statSync } from 'node:fs';
import { areaOf, type OpenBacking, openBacking, openForWriting } from '../backing/open.js';
import type { Backing } from '../backing/request.js';
import { type Content, findContent } from '../content/find.js';
import { type DeviceNumber, formatDeviceNumber } from '../dm/device-number.js';
import { layerOfPath } from '../dm/layers.js';
import { DmfdError } from '../errors.js';
import { type DiskPlace, flushBlockDevice, haveCommonBytes, placeOnDisk } from '../kernel/block-device.js';
import type { Kernel } from '../kernel/kernel.js';
import { othersOn } from '../loop/others.js';
import type { LoopPlan } from '../loop/plan.js';
import type { OpenPart } from '../loop/unshared.js';
import type { Part } from './part.js';

const SECTOR = 512n;

/** Where a segment's data lies, as its table line names it. */
export interface Place {
  /** MAJ:MIN, or `{loopN}`. */
  readonly device: string;
  /** Sectors of 512 bytes: where it begins on that device. */
  readonly start: bigint;
  readonly sectors: bigint;
  /** Bytes of its smallest block. */
  readonly blockSize: number;
  /** For messages: `linear "disk.img"`. */
  readonly subject: string;
  /** Two places of one identity are on the same file or device. */
  readonly identity: string;
  /** undefined of a layer that is not live yet. */
  readonly open: OpenBacking | undefined;
}

/** A layer below, as what stands on it sees it. */
export interface LayerBelow {
  /** Sectors of 512 bytes. */
  readonly sectors: bigint;
  readonly readOnly: boolean;
  /** A path by which it can be opened, and MAJ:MIN; undefined until it is live. */
  readonly live: { readonly path: string; readonly number: string } | undefined;
}

interface NumberedLayer extends LayerBelow {
  readonly index: number;
}

/** A segment's demands on its backing. */
export interface Demand {
  /** It is only read. */
  readonly readOnly?: boolean;
  /** The target has no word for where to begin: the device has to begin there. */
  readonly fromStart?: boolean;
  /** The target has no word for how much of it: the device has to end where it ends. */
  readonly toEnd?: boolean;
  /** It is written over, whatever is there: nothing else may be on it. */
  readonly overwritten?: boolean;
}

/** A block device that the table names itself; what it has of it, as of a loop device. */
export interface NamedDevice extends OpenPart {
  readonly device: DeviceNumber;
  /** As of an open backing. */
  readonly alone: string | undefined;
  /** As in {@link Place}. */
  readonly subject: string;
  /** As in {@link Demand}. */
  readonly overwritten: boolean;
}

/** An area that the kernel has to format before it is known what a segment comes to. */
export interface Formatting {
  /** The part that has the kernel do it. */
  readonly part: Part;
  /** As in {@link Place}. */
  readonly subject: string;
}

/** The signature of a root hash, as the kernel looks it up: a key of type `user`. */
export interface Signature {
  /** Less than 64 bytes. */
  readonly name: string;
  readonly bytes: Buffer;
}

/** The ground of a device's segments: backings that are opened as they are named, and the loop devices over files. */
export class Ground {
  readonly #kernel: Kernel;
  readonly #readOnly: boolean;
  readonly #below: readonly LayerBelow[];
  readonly #fds: number[] = [];
  readonly #loops: { readonly key: string; readonly plan: LoopPlan }[] = [];
  readonly #devices: NamedDevice[] = [];
  readonly #places: { readonly place: Place; readonly isOver: boolean }[] = [];
  readonly #warnings: string[] = [];
  readonly #formattings: Formatting[] = [];
  readonly #looks: (() => unknown)[] = [];
  #signature: Signature | undefined;

  /**
   * @param readOnly nothing is opened for writing
   * @param below what `{below}` and `{layerN}` are, the lowest first
   */
  constructor(kernel: Kernel, readOnly: boolean, below: readonly LayerBelow[]) {
    this.#kernel = kernel;
    this.#readOnly = readOnly;
    this.#below = below;
  }

  get loops(): readonly LoopPlan[] {
    return this.#loops.map(({ plan }) => plan);
  }

  get devices(): readonly NamedDevice[] {
    return this.#devices;
  }

  get warnings(): readonly string[] {
    return this.#warnings;
  }

  get formattings(): readonly Formatting[] {
    return this.#formattings;
  }

  get signature(): Signature | undefined {
    return this.#signature;
  }

  /** What {@link look} was given. */
  get looks(): readonly (() => unknown)[] {
    return this.#looks;
  }

  /** Nothing is opened for writing. */
  get readOnly(): boolean {
    return this.#readOnly;
  }

  /**
   * Opens a backing. Whole sectors are counted by the table, so that several parts of one file share a loop device; the rest,
   * and what only a loop device can do, is done by one.
   *
   * @param use names what it is for, in messages
   * @throws DmfdError `usage` for what cannot be used so
   */
  place(use: string, backing: Backing, demand: Demand = {}): Place {
    const place = this.#open(use, backing, demand);
    const isOver = demand.overwritten === true;
    const rival = this.#places.find(
      (other) => (isOver || other.isOver) && haveCommonBytes(bytesOf(other.place), bytesOf(place)),
    );
    if (rival !== undefined)
      throw new DmfdError(
        'area-unusable',
        `${place.subject}: ${rival.place.subject} has the same bytes, and one would write over the other`,
        { hint: 'name another file or device; what is written to an overlay needs only a size' },
      );
    this.#places.push({ place, isOver });
    return place;
  }

  #open(
    use: string,
    backing: Backing,
    { readOnly = this.#readOnly, fromStart = false, toEnd = false, overwritten = false }: Demand,
  ): Place {
    const subject = `${use} ${JSON.stringify(backing.path)}`;
    const layer = this.#layerOf(backing);
    if (layer !== undefined && layer.live === undefined)
      return this.#onPlanned(layer, backing, { subject, readOnly, fromStart, toEnd });
    const there = layer?.live === undefined ? backing : { ...backing, path: layer.live.path };
    const open = openBacking(this.#kernel, there, {
      subject,
      code: 'backing-unusable',
      readOnly,
      alwaysLoop: needsLoop(backing),
    });
    this.#keep(open.fd);
    if (open.warning !== undefined) this.warn(open.warning);
    const { device } = open;
    const unit = BigInt(Math.max(open.blockSize, backing.sectorSize ?? 0));
    const at = open.deviceStart;
    const isAligned =
      (at === 0n || (!fromStart && at % unit === 0n)) && open.bytes % BigInt(open.blockSize) === 0n;
    // A loop device is of all of the disk, also where the table would name the kernel's own device of the partition.
    const endsThere = open.toEnd && (isAligned || open.start === at);
    const limit = toEnd && !endsThere ? open.bytes : undefined;
    const place = {
      sectors: open.bytes / SECTOR,
      blockSize: Number(unit),
      subject,
      identity: open.identity,
      open,
    };
    if (device !== undefined && isAligned && limit === undefined && !needsLoop(backing)) {
      // Of a layer nobody knows yet.
      const named = {
        device,
        alone: open.alone,
        subject,
        overwritten: overwritten && layer === undefined,
        fd: open.fd,
        readOnly: open.readOnly,
        offset: open.start,
        sizeLimit: open.bytes,
      };
      if (named.overwritten) refuseOthersOn(this.#kernel, named);
      this.#devices.push(named);
      return { ...place, device: formatDeviceNumber(device), start: at / SECTOR };
    }
    const offset = isAligned && limit === undefined ? 0n : open.start;
    const loop = this.#loopOver(open, backing, { offset, sizeLimit: limit }, subject);
    return { ...place, device: `{loop${loop}}`, start: (open.start - offset) / SECTOR };
  }

  /** Of a layer that is not live only its size is known: enough for all that needs neither its content nor a loop device. */
  #onPlanned(
    { index, sectors, readOnly: isReadOnly }: NumberedLayer,
    backing: Backing,
    { subject, readOnly, fromStart, toEnd }: { subject: string } & Required<Omit<Demand, 'overwritten'>>,
  ): Place {
    if (isReadOnly && !readOnly && backing.readOnly !== true)
      throw new DmfdError('backing-unusable', `${subject}: layer ${index} is read-only`, {
        hint: 'what is written to has to be on something that may be written to',
      });
    const { offset, bytes, warning } = areaOf(backing, subject, sectors * SECTOR);
    const needsMore = backing.partition !== undefined || needsLoop(backing) || offset % SECTOR !== 0n;
    const isLimited = toEnd && offset + bytes < sectors * SECTOR;
    if (needsMore || isLimited || (fromStart && offset > 0n)) throw notLive(subject);
    if (warning !== undefined) this.warn(warning);
    const place = { device: `{layer${index}}`, start: offset / SECTOR, sectors: bytes / SECTOR };
    return { ...place, blockSize: Number(SECTOR), subject, identity: `layer ${index}`, open: undefined };
  }

  /** A sparse file that is made when the device is, of so many bytes; as a table line names it. */
  sparse(bytes: bigint): string {
    const index = this.#loops.length;
    this.#loops.push({ key: `sparse ${index}`, plan: { sparse: bytes } });
    return `{loop${index}}`;
  }

  /**
   * Bytes of a place, from where it begins.
   *
   * @throws DmfdError `usage` where it ends before that, or is a layer that is not live; `kernel` where it cannot be read
   */
  read({ open, subject }: Place, at: bigint, size: number): Buffer {
    if (open === undefined) throw notLive(subject);
    const bytes = Buffer.alloc(size);
    for (let done = 0; done < size; ) {
      const from = at + BigInt(done);
      const count = this.#kernel.must(
        `read ${open.path}`,
        () => readSync(open.fd, bytes, done, size - done, open.start + from),
        { subject },
      );
      if (count === 0)
        throw new DmfdError('area-unusable', `${subject}: it ends at byte ${from}`, {
          hint: 'it was cut short',
        });
      done += count;
    }
    return bytes;
  }

  /** The content that is there already, by its signature; of a layer that is not live, nothing is known. */
  contentOf({ open, blockSize }: Place): Content[] {
    if (open === undefined) return [];
    const { start, size: bytes } = open.whole;
    const whole = { fd: open.fd, from: start, bytes, blockSize, flush: () => this.refresh(open) };
    const area = { start: open.start / SECTOR, sectors: open.bytes / SECTOR };
    return findContent(this.#kernel, open.path, whole, area);
  }

  /**
   * Looks at what will be written over: now, and once more when the loop devices are there, for which something in the way may have
   * been waited for. From then on nobody else has a loop device there.
   */
  look<T>(look: () => T): T {
    this.#looks.push(look);
    return look();
  }

  /** Has what is read next be what is there: device-mapper writes past what was read of a block device before. */
  refresh({ device, fd }: OpenBacking): void {
    if (device !== undefined) flushBlockDevice(this.#kernel, fd);
  }

  /** Has the kernel find a signature. @throws DmfdError `usage` for a second one */
  sign(signature: Signature): void {
    if (this.#signature !== undefined && this.#signature.name !== signature.name)
      throw new DmfdError('invalid-request', 'only one part of a layer can have a signature', {
        hint: 'make layers of them, and a linear one on top',
      });
    this.#signature = signature;
  }

  /** Leaves a segment open until the kernel has formatted its area. */
  format(formatting: Formatting): void {
    this.#formattings.push(formatting);
  }

  warn(warning: string): void {
    if (!this.#warnings.includes(warning)) this.#warnings.push(warning);
  }

  close(): void {
    for (const fd of this.#fds) closeSync(fd);
  }

  #layerOf({ path }: Backing): NumberedLayer | undefined {
    const index = layerOfPath(path, this.#below.length)?.index;
    const layer = index === undefined ? undefined : this.#below[index];
    return index === undefined || layer === undefined ? undefined : { ...layer, index };
  }

  #loopOver(
    open: OpenBacking,
    backing: Backing,
    extent: { readonly offset: bigint; readonly sizeLimit: bigint | undefined },
    subject: string,
  ): number {
    const { sectorSize, directIo } = backing;
    const { offset, sizeLimit } = extent;
    const key = [open.identity, open.readOnly, offset, sizeLimit, sectorSize, directIo].join(' ');
    const known = this.#loops.findIndex((loop) => loop.key === key);
    if (known >= 0) return known;
    const { path, readOnly, alone } = open;
    const fd = open.device === undefined || readOnly ? open.fd : this.#keep(openForWriting(open, subject));
    this.#loops.push({
      key,
      plan: { fd, file: path, readOnly, ...extent, blockSize: sectorSize, directIo, alone },
    });
    return this.#loops.length - 1;
  }

  /** Until {@link close}. */
  #keep(fd: number): number {
    this.#fds.push(fd);
    return fd;
  }
}

/** Where on its disk a place is, also one in a partition; a file, or a layer that is not live, is a disk of its own. */
function bytesOf({ open, identity, start, sectors }: Place): DiskPlace {
  if (open === undefined) return { disk: identity, start: start * SECTOR, end: (start + sectors) * SECTOR };
  const stats = fstatSync(open.fd, { bigint: true });
  const disk = stats.isBlockDevice() ? placeOnDisk(stats.rdev) : undefined;
  const from = (disk?.start ?? 0n) + open.start;
  return { disk: disk?.disk ?? identity, start: from, end: from + open.bytes };
}

/**
 * Refuses a device that is to be written over and has another one on it.
 *
 * @param own as of {@link othersOn}
 * @throws DmfdError `taken`
 */
export function refuseOthersOn(
  kernel: Kernel,
  { device, alone, subject }: NamedDevice,
  own?: readonly string[],
): void {
  const stats = alone === undefined ? undefined : statSync(alone, { bigint: true });
  const others = othersOn(kernel, formatDeviceNumber(device), stats, own);
  if (others.length === 0) return;
  throw new DmfdError(
    'backing-in-use',
    `${subject}: ${others.join(', ')} is on it, and it would be written over`,
    {
      errno: 'EBUSY',
      hint: 'end that first; "lsblk" shows what stands on what',
    },
  );
}

/** For what can be told only of a layer that is live. */
export function notLive(subject: string): DmfdError {
  return new DmfdError('not-known-yet', `${subject}: the layer has to be there before this can be told`, {
    hint: 'only making the device can tell',
  });
}

function needsLoop({ sectorSize, directIo }: Backing): boolean {
  return sectorSize !== undefined || directIo === true;
}
