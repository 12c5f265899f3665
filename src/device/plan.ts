import { closeSync } from 'node:fs';
import { openBacking } from '../backing/open.js';
import type { Backing } from '../backing/request.js';
import { substituteLayerSizes, substituteLayers } from '../dm/layers.js';
import {
  formatTable,
  parseTable,
  substituteSectors,
  type Table,
  type TableSource,
  tableLength,
} from '../dm/table.js';
import { DmfdError } from '../errors.js';
import { type Kernel, operate } from '../kernel/kernel.js';
import { checkKey, tryKey } from '../key/key.js';
import { checkLoops, type LoopAhead, type LoopPlan } from '../loop/plan.js';
import {
  type Formatting,
  Ground,
  type LayerBelow,
  type NamedDevice,
  type Signature,
} from '../segment/ground.js';
import { planSegments, tableOfParts } from '../segment/plan.js';
import { formatMessage } from './message.js';
import { withoutPassthrough } from './no-passthrough.js';
import { type CheckedLayer, type CheckedRequest, checkRequest, type DeviceRequest } from './request.js';
import { inLayer } from './stack.js';
import { refuseHeldExclusively, refuseTaken, refuseUnderLoops } from './taken.js';

const SECTOR = 512n;

/** A layer whose files have been looked at: its table is known but for the numbers of the loop devices. */
export interface PlannedLayer extends CheckedLayer {
  /** With `{loopN}` for the loop devices, `{key}` for the key, and `{layerN}` for layers that are not live. */
  readonly table: Table;
  readonly loops: readonly LoopPlan[];
  /** Block devices that the table names; unknown of a table that was given. */
  readonly devices?: readonly NamedDevice[];
  readonly warnings: readonly string[];
  /**
   * The table that has the kernel format what has to be formatted first; undefined where nothing has. Until then `table` is not what
   * it will be.
   */
  readonly formatting?: Table;
  /** Names the first such area in messages. */
  readonly unformatted?: string;
  /** The signature, which the table names as a key. */
  readonly signature?: Signature | undefined;
  /** Looks at what will be written over, once more; see {@link Ground.look}. */
  readonly looks?: readonly (() => unknown)[];
}

/** A layer that a request would make. */
export interface LayerPlan {
  readonly name: string;
  /** With `{loop0}`, … for the loop devices, `{layer0}`, … for the layers below, and `{key}` for the key. */
  readonly table: string;
  /** Bytes. */
  readonly size: bigint;
  readonly readOnly: boolean;
  /** The file of each loop device; undefined for a sparse file without a name. */
  readonly loops: readonly { readonly file: string | undefined }[];
}

/** The device that a request would make. */
export interface DevicePlan extends LayerPlan {
  /** The layers below, the lowest first. */
  readonly below: readonly LayerPlan[];
  readonly warnings: readonly string[];
}

/** As {@link planDevice}, in this thread. @throws DmfdError as {@link planDevice} */
export function planDeviceSync(request: DeviceRequest): DevicePlan {
  const checked = checkRequest(request);
  return operate(request.onStep, undefined, (kernel) => describePlan(kernel, checked));
}

/** Checks everything that can be checked without changing anything. */
export function describePlan(kernel: Kernel, request: CheckedRequest): DevicePlan {
  return plan(kernel, request, (devices) => refuseHeldExclusively(kernel, devices));
}

/**
 * Before there is any layer of a device that is about to be made, finds what could be wrong with those above it, as far as that can be
 * known. But for the claims of block devices: to look at one is to claim it for a moment, which is in the way of others, and the
 * kernel says it soon enough.
 */
export function planAhead(kernel: Kernel, request: CheckedRequest): void {
  try {
    plan(kernel, request, () => undefined);
  } catch (error) {
    if (!(error instanceof DmfdError && error.code === 'not-known-yet')) throw error;
  }
}

function plan(
  kernel: Kernel,
  request: CheckedRequest,
  checkDevices: (devices: readonly NamedDevice[]) => void,
): DevicePlan {
  const { sharedLoop } = request;
  const layers = [...request.below, request];
  for (const { key } of layers) if (key !== undefined) tryKey(key);
  const warnings: string[] = [];
  const known: LayerBelow[] = [];
  const loops: LoopAhead[] = [];
  // Of all layers first: one whose area has yet to be formatted ends what can be known of those above it.
  for (const [index, layer] of layers.entries())
    inLayer(index, layers.length, () =>
      refuseTaken(kernel, { ...layer, mapperLink: layer === request && request.mapperLink }),
    );
  const planLayer = (layer: CheckedLayer): LayerPlan =>
    inLayer(known.length, layers.length, () =>
      withPlan(kernel, layer, known, (planned) => {
        checkDevices(planned.devices ?? []);
        refuseUnderLoops(kernel, planned, sharedLoop);
        loops.push(...checkLoops(kernel, planned.loops, sharedLoop, loops));
        refuseUnformatted(planned);
        warnings.push(...planned.warnings);
        known.push({ sectors: tableLength(planned.table), readOnly: planned.readOnly, live: undefined });
        return describe(planned);
      }),
    );
  const below = request.below.map(planLayer);
  return { ...planLayer(request), below, warnings };
}

function describe({ name, table, readOnly, loops }: PlannedLayer): LayerPlan {
  return {
    name,
    table: formatTable(table),
    size: tableLength(table) * SECTOR,
    readOnly,
    loops: loops.map((loop) => ({ file: 'sparse' in loop ? undefined : loop.file })),
  };
}

/**
 * Opens the files that a layer names, for as long as `use` runs.
 *
 * @param below the layers below it, the lowest first
 * @throws DmfdError `usage` for what cannot be used so
 */
export function withPlan<T>(
  kernel: Kernel,
  layer: CheckedLayer,
  below: readonly LayerBelow[],
  use: (planned: PlannedLayer) => T,
): T {
  const { content, readOnly } = layer;
  const useChecked = (planned: PlannedLayer): T => {
    if (planned.formatting === undefined) checkMessages(planned);
    return use({ ...planned, table: withoutPassthrough(planned.table, planned.loops) });
  };
  if ('segments' in content) {
    const ground = new Ground(kernel, readOnly, below);
    try {
      const table = planSegments(content.segments, ground);
      const { loops, devices, warnings, formattings, signature, looks } = ground;
      if (signature !== undefined && layer.key !== undefined) throw signedAndKeyed();
      return useChecked({
        ...layer,
        table,
        loops,
        devices,
        warnings,
        signature,
        looks,
        ...formattingOf(formattings),
      });
    } finally {
      ground.close();
    }
  }
  return withLoopFiles(kernel, layer, (files) => {
    const table =
      'table' in content ? content.table : tableOf(layer, withSizes(content.sources, files, below));
    return useChecked({
      ...layer,
      table: substituteLayers(table, below.length, below.map(wordOf)),
      loops: files.map(({ plan }) => plan),
      warnings: files.flatMap(({ warning }) => warning ?? []),
    });
  });
}

/** A table with a key is loaded by a process of its own, which does not have the signature. */
function signedAndKeyed(): DmfdError {
  return new DmfdError('invalid-request', 'a layer cannot have both a key and a signature', {
    hint: 'make two layers of it',
  });
}

function formattingOf(formattings: readonly Formatting[]): Pick<PlannedLayer, 'formatting' | 'unformatted'> {
  const [first] = formattings;
  if (first === undefined) return {};
  return { formatting: tableOfParts(formattings.map(({ part }) => part)), unformatted: first.subject };
}

/** @throws DmfdError `usage` for a layer whose table is not known before the kernel has formatted an area */
export function refuseUnformatted({ unformatted }: PlannedLayer): void {
  if (unformatted === undefined) return;
  throw new DmfdError(
    'not-known-yet',
    `${unformatted}: it is zero, and only when the kernel has formatted it is known how much is left for data`,
    { hint: 'only making the device can tell: it formats it' },
  );
}

function withSizes(
  sources: readonly TableSource[],
  files: readonly LoopFile[],
  below: readonly LayerBelow[],
): TableSource[] {
  const sizesOf = (all: readonly { readonly sectors: bigint }[]) => all.map(({ sectors }) => sectors);
  return substituteLayerSizes(substituteSectors(sources, sizesOf(files)), below.length, sizesOf(below));
}

function wordOf({ live }: LayerBelow, index: number): string {
  return live === undefined ? `{layer${index}}` : live.number;
}

function checkMessages({ table, messages }: PlannedLayer): void {
  const end = tableLength(table);
  const beyond = messages.find(({ sector }) => sector >= end);
  if (beyond === undefined) return;
  throw new DmfdError(
    'invalid-request',
    `message ${formatMessage(beyond.text)}: there is no sector ${beyond.sector}, for the device has ${end}`,
  );
}

function tableOf({ key }: CheckedLayer, sources: Parameters<typeof parseTable>[0]): Table {
  const table = parseTable(sources);
  checkKey(key, table);
  return table;
}

interface LoopFile {
  readonly plan: LoopPlan;
  readonly sectors: bigint;
  readonly warning: string | undefined;
}

function withLoopFiles<T>(
  kernel: Kernel,
  { loop, readOnly }: CheckedLayer,
  use: (files: readonly LoopFile[]) => T,
): T {
  const fds: number[] = [];
  try {
    const files = loop.map((backing): LoopFile => {
      const file = openLoopFile(kernel, backing, readOnly);
      fds.push(file.plan.fd);
      return file;
    });
    return use(files);
  } finally {
    for (const fd of fds) closeSync(fd);
  }
}

function openLoopFile(
  kernel: Kernel,
  backing: Backing,
  readOnly: boolean,
): LoopFile & { readonly plan: { readonly fd: number } } {
  const subject = `loop file ${JSON.stringify(backing.path)}`;
  const open = openBacking(kernel, backing, {
    subject,
    code: 'loop-file-unusable',
    readOnly,
    alwaysLoop: true,
  });
  const { sectorSize, directIo, size, partition } = backing;
  const isPart = size !== undefined || partition !== undefined;
  return {
    plan: {
      fd: open.fd,
      file: open.path,
      readOnly: open.readOnly,
      offset: open.start,
      sizeLimit: isPart ? open.bytes : undefined,
      blockSize: sectorSize,
      directIo,
      alone: open.alone,
    },
    sectors: open.bytes / SECTOR,
    warning: open.warning,
  };
}
