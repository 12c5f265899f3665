import { closeSync, fsyncSync } from 'node:fs';
import { openBacking } from '../backing/open.js';
import { makeDevice } from '../device/create.js';
import type { Device } from '../device/handle.js';
import { checkRequest, type SegmentRequest, type TableRequest } from '../device/request.js';
import { type DeviceNumber, formatDeviceNumber, nodeOf } from '../dm/device-number.js';
import { DmfdError } from '../errors.js';
import { flushBlockDevice, readDiskseq, writeAll } from '../kernel/block-device.js';
import type { Kernel } from '../kernel/kernel.js';
import { readIfThere } from '../kernel/pseudo-files.js';
import { randomHex } from '../kernel/random.js';
import type { Made } from './made.js';
import type { AsWritten, PinnedParams } from './pinned.js';
import { type Mode, sysfsName, type Vbd } from './vbd.js';

/** The block device that a domain is to have, held by a descriptor of ours: its number cannot become another one's. */
export interface Disk extends DeviceNumber {
  readonly path: string;
  /** 0 before Linux 5.15. */
  readonly diskseq: bigint;
  /** The devices that go with their last holder, from the top down; none for a block device that was there before. */
  readonly made: readonly Made[];
  /** Another backend has it open, or may. */
  readonly isOthersToo: boolean;
  readonly warnings: readonly string[];
  /** Lets go of it. */
  close(): void;
}

/** The sector size that guests can use, whatever the file system of the file has. */
const SECTOR = 512;
/** How much of a newly encrypted disk is made zeros, so that no program takes the noise for a file system. */
const WIPED = 1 << 20;

/** What a disk line asks for. */
export interface DiskLine {
  readonly params: PinnedParams;
  /** For what people are told. */
  readonly asWritten: AsWritten;
  readonly mode: Mode;
}

/**
 * Makes, or opens, what a disk line asks for.
 *
 * @throws DmfdError as `createDevice()`; then nothing is left
 */
export function makeDisk(kernel: Kernel, vbd: Vbd, line: DiskLine): Disk {
  const disk = makePinned(kernel, vbd, line);
  return { ...disk, warnings: disk.warnings.map(line.asWritten) };
}

function makePinned(kernel: Kernel, vbd: Vbd, line: DiskLine): Disk {
  const { params, mode } = line;
  const common = {
    name: `xen-${sysfsName(vbd)}-${randomHex(4)}`,
    readOnly: mode.readOnly,
    sharedLoop: mode.shared,
  };
  const make = (
    layers: Pick<TableRequest, 'table' | 'loop' | 'below'> | Pick<SegmentRequest, 'segments' | 'below'>,
  ) => makeDevice(kernel, checkRequest({ ...common, ...layers }));
  switch (params.form) {
    case 'path':
      return (
        openDevice(kernel, params.path, line) ??
        // Not the loop device itself, which stays when it is let go, for any file that is next: what goes by a mapped device's
        // number finds that device or none.
        diskOf(make({ segments: [{ target: 'linear', backing: { path: params.path, sectorSize: SECTOR } }] }))
      );
    case 'overlay': {
      const { base, cow } = params;
      return diskOf(
        make({
          segments: [{ target: 'snapshot', base, ...(cow === undefined ? {} : { cow, force: true }) }],
        }),
      );
    }
    case 'crypt': {
      refuseReadOnlyNoise(mode);
      const device = make({ segments: [{ target: 'crypt', backing: params.path }] });
      return whole(device, () => {
        wipeStart(kernel, device);
        return diskOf(device);
      });
    }
    case 'crypt-overlay': {
      refuseReadOnlyNoise(mode);
      const below = [{ segments: [{ target: 'crypt', backing: params.cow }] }] as const;
      return diskOf(make({ below, segments: [{ target: 'snapshot', base: params.base, cow: '{below}' }] }));
    }
    case 'table': {
      const { layers } = params;
      return diskOf(make({ below: layers.slice(0, -1), table: layers.at(-1)?.table ?? [] }));
    }
    case 'snapshot':
      return diskOf(make(keptSnapshot(params)));
  }
}

/** Its store has to be written to even if the domain only reads. */
function keptSnapshot({ base, cow, top }: Extract<PinnedParams, { form: 'snapshot' }>): Pick<
  TableRequest,
  'table' | 'loop' | 'below'
> & {
  readOnly: false;
} {
  const lower = {
    loop: [{ path: base, readOnly: true }, cow],
    table: '0 {sectors0} snapshot {loop0} {loop1} P 256',
  };
  if (top === undefined) return { ...lower, readOnly: false };
  return {
    below: [lower],
    loop: [top],
    table: '0 {below:sectors} snapshot {below} {loop0} P 256',
    readOnly: false,
  };
}

/** What is written to with a new key is what can be read; a disk that only reads would see noise. */
function refuseReadOnlyNoise({ readOnly }: Mode): void {
  if (!readOnly) return;
  throw new DmfdError('xen-disk-invalid', 'with a new random key, a read-only disk would be noise', {
    hint: 'say access=rw in the disk line',
  });
}

/** Opens the block device there; undefined where there is a file. */
function openDevice(
  kernel: Kernel,
  pinned: string,
  { mode: { readOnly }, asWritten }: DiskLine,
): Disk | undefined {
  const path = asWritten(pinned);
  const { fd, device, warning } = openBacking(
    kernel,
    { path: pinned, readOnly },
    { subject: `disk ${JSON.stringify(path)}`, code: 'backing-unusable', readOnly, alwaysLoop: false },
  );
  const close = () => closeSync(fd);
  if (device === undefined) {
    close();
    return undefined;
  }
  return whole({ close }, () => {
    checkMapperName(path, device);
    const diskseq = readDiskseq(kernel, fd);
    const warnings = warning === undefined ? [] : [warning];
    return { ...device, path, diskseq, made: [], isOthersToo: true, warnings, close };
  });
}

/** Between a look at a link in /dev/mapper and the opening of it, it may have become another device's. */
function checkMapperName(path: string, device: DeviceNumber): void {
  const [, name] = /^\/dev\/mapper\/([^/]+)$/.exec(path) ?? [];
  if (name === undefined) return;
  const own = readIfThere(`/sys/dev/block/${formatDeviceNumber(device)}/dm/name`).replace(/\n$/, '');
  if (own === name) return;
  throw new DmfdError(
    'backing-replaced',
    `disk ${JSON.stringify(path)}: the device there is ${own === '' ? 'none of device-mapper' : JSON.stringify(own)}`,
  );
}

/** Past the page cache, for the domain's writes go past it, too. */
function wipeStart(kernel: Kernel, { fd, size }: Device): void {
  const zeros = Buffer.alloc(size < WIPED ? Number(size) : WIPED);
  kernel.must('write zeros', () => writeAll(fd, zeros, 0n));
  kernel.must('fsync', () => {
    fsyncSync(fd);
    return 0;
  });
  flushBlockDevice(kernel, fd);
}

function diskOf(device: Device): Disk {
  const devices = [device, ...[...device.below].reverse()];
  return {
    major: device.major,
    minor: device.minor,
    // Others are told it: the path of a descriptor would lead each of them elsewhere, where /dev has no node.
    path: nodeOf(device),
    diskseq: device.diskseq,
    made: [
      ...devices.map(({ major, minor, diskseq, uuid }) => ({ major, minor, diskseq, uuid })),
      ...devices.flatMap(({ loops }) =>
        loops.map(({ major, minor, diskseq }) => ({ major, minor, diskseq, uuid: undefined })),
      ),
    ],
    isOthersToo: false,
    warnings: device.warnings,
    close: () => device.close(),
  };
}

/** Closes what has been made when the rest fails. */
export function whole<T>(made: { close(): void }, rest: () => T): T {
  try {
    return rest();
  } catch (error) {
    made.close();
    throw error;
  }
}
