import { closeSync } from 'node:fs';
import { openBacking } from '../backing/open.js';
import type { Backing } from '../backing/request.js';
import { formatTable, parseTable, substituteSectors, type Table, tableLength } from '../dm/table.js';
import { type Kernel, operate } from '../kernel/kernel.js';
import { checkKey } from '../key/key.js';
import type { LoopPlan } from '../loop/plan.js';
import { Ground } from '../segment/ground.js';
import { planSegments } from '../segment/plan.js';
import { type CheckedRequest, checkRequest, type DeviceRequest } from './request.js';

const SECTOR = 512n;

/** A request whose files have been looked at: its table is known but for the numbers of the loop devices. */
export interface PlannedRequest extends CheckedRequest {
  /** With `{loopN}` for the loop devices, and `{key}` for the key. */
  readonly table: Table;
  readonly loops: readonly LoopPlan[];
  readonly warnings: readonly string[];
}

/** What would be made: for a request that is only to be looked at. */
export interface DevicePlan {
  readonly name: string;
  /** With `{loop0}`, … for the loop devices, and `{key}` for the key. */
  readonly table: string;
  /** Bytes. */
  readonly size: bigint;
  readonly readOnly: boolean;
  /** What each loop device would be over; undefined is a sparse file without a name. */
  readonly loops: readonly { readonly file: string | undefined }[];
  readonly warnings: readonly string[];
}

/** As {@link planDevice}, in this thread. @throws DmfdError as {@link planDevice} */
export function planDeviceSync(request: DeviceRequest): DevicePlan {
  const checked = checkRequest(request);
  return operate(request.onStep, undefined, (kernel) => describePlan(kernel, checked));
}

/** Checks everything that can be checked without changing anything. */
export function describePlan(kernel: Kernel, request: CheckedRequest): DevicePlan {
  return withPlan(kernel, request, ({ name, table, readOnly, loops, warnings }) => ({
    name,
    table: formatTable(table),
    size: tableLength(table) * SECTOR,
    readOnly,
    loops: loops.map((loop) => ({ file: 'sparse' in loop ? undefined : loop.file })),
    warnings,
  }));
}

/**
 * Opens the files that a request names, for as long as `use` runs.
 *
 * @throws DmfdError `usage` for what cannot be used so
 */
export function withPlan<T>(kernel: Kernel, request: CheckedRequest, use: (planned: PlannedRequest) => T): T {
  const { content, readOnly } = request;
  if ('segments' in content) {
    const ground = new Ground(kernel, readOnly);
    try {
      const table = planSegments(content.segments, ground);
      return use({ ...request, table, loops: ground.loops, warnings: ground.warnings });
    } finally {
      ground.close();
    }
  }
  return withLoopFiles(kernel, request, (files) => {
    const table =
      'table' in content
        ? content.table
        : tableOf(
            request,
            substituteSectors(
              content.sources,
              files.map(({ sectors }) => sectors),
            ),
          );
    return use({
      ...request,
      table,
      loops: files.map(({ plan }) => plan),
      warnings: files.flatMap(({ warning }) => warning ?? []),
    });
  });
}

function tableOf({ key }: CheckedRequest, sources: Parameters<typeof parseTable>[0]): Table {
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
  { loop, readOnly }: CheckedRequest,
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
    },
    sectors: open.bytes / SECTOR,
    warning: open.warning,
  };
}
