import { randomBytes, randomUUID } from 'node:crypto';
import {
  type DeviceName,
  type DeviceUuid,
  parseDeviceName,
  parseDeviceUuid,
  UUID_PREFIX,
} from '../dm/names.js';
import { parseTable, type Table, type TableSource } from '../dm/table.js';
import { DmfdError } from '../errors.js';
import type { StepListener } from '../kernel/step.js';
import { checkKey, type KeySource } from '../key/key.js';
import { checkProperties, oneOf, TYPES } from '../properties.js';
import { MODES, type Mode } from './creation.js';

/** What device to make. */
export interface DeviceRequest {
  /**
   * At most 127 bytes, where all but letters, digits and `#+-.:=@_` count four: the kernel gets them as `\xHH`, as from
   * dmsetup. Not `.`, `..` or `control`, and without `/`. Default: `dmfd-` and 8 hex digits.
   */
  readonly name?: string;
  /** At most 128 bytes, counted likewise. Default: `DMFD-` and a random UUID. */
  readonly uuid?: string;
  /**
   * Lines `start length target args…` in sectors of 512 bytes: one text, several, or texts with the label under
   * which messages name them. `{loop0}`, `{loop1}`, … stand for the MAJ:MIN of the files in `loop`.
   */
  readonly table: string | readonly (string | TableSource)[];
  /**
   * Files, or block devices, each to be attached to a loop device that detaches by itself. One that another loop device has is
   * refused, unless both are read-only.
   */
  readonly loop?: readonly string[];
  /** Attach the files in `loop` even if other loop devices have them. */
  readonly sharedLoop?: boolean;
  /** Device, descriptor and loop devices are read-only. */
  readonly readOnly?: boolean;
  /**
   * What `{key}` in the table stands for. It is made or read in a process of its own, and never in this one's memory:
   * random bits, the raw bytes of a file, or all that an open descriptor has to read (which stays open).
   */
  readonly key?: KeySource;
  /** `auto` (default); `atomic`: only if the kernel returns the descriptor itself; `fallback`: never ask it to. */
  readonly mode?: Mode;
  /** Is told each call to the kernel. */
  readonly onStep?: StepListener;
}

/** A validated request, with defaults filled in: from here on only the kernel can refuse it. */
export interface CheckedRequest
  extends Required<Pick<DeviceRequest, 'loop' | 'sharedLoop' | 'readOnly' | 'mode'>> {
  readonly name: DeviceName;
  readonly uuid: DeviceUuid;
  /** With the `{loopN}` words still in it. */
  readonly table: Table;
  readonly key: KeySource | undefined;
}

const PROPERTIES = {
  name: TYPES.string,
  uuid: TYPES.string,
  table: TYPES.table,
  loop: TYPES.strings,
  sharedLoop: TYPES.boolean,
  readOnly: TYPES.boolean,
  key: TYPES.key,
  mode: oneOf(MODES),
  onStep: TYPES.function,
} satisfies Record<keyof DeviceRequest, unknown>;

/** @throws DmfdError `usage` that says what is wrong with it */
export function checkRequest(request: DeviceRequest): CheckedRequest {
  checkProperties(request, PROPERTIES, ['table']);
  const loop = request.loop ?? [];
  const table = parseTable(labelled(request.table));
  checkLoopWords(table, loop);
  checkKey(request.key, table);
  return {
    name: parseDeviceName(request.name ?? `dmfd-${randomBytes(4).toString('hex')}`),
    uuid: parseDeviceUuid(request.uuid ?? `${UUID_PREFIX}${randomUUID()}`),
    table,
    loop,
    sharedLoop: request.sharedLoop ?? false,
    readOnly: request.readOnly ?? false,
    mode: request.mode ?? 'auto',
    key: request.key,
  };
}

function labelled(table: DeviceRequest['table']): TableSource[] {
  const parts = typeof table === 'string' ? [table] : table;
  return parts.map((part, index) => {
    if (typeof part !== 'string') return part;
    return { label: parts.length === 1 ? 'table' : `table ${index + 1}`, text: part };
  });
}

/** Every `{loopN}` has its file, every file its use. */
function checkLoopWords(table: Table, loop: readonly string[]): void {
  const used = new Set<number>();
  for (const { params } of table) {
    for (const [word, digits] of params.matchAll(LOOP_WORD)) {
      const index = Number(digits);
      if (index >= loop.length) {
        const given =
          loop.length === 0 ? 'no loop file was given' : `only ${loop.length} loop file(s) were given`;
        throw new DmfdError('loop-missing', `the table says ${word}, but ${given}`, {
          hint: 'give the file as `loop`',
        });
      }
      used.add(index);
    }
  }
  const unused = loop.findIndex((_, index) => !used.has(index));
  if (unused >= 0) {
    throw new DmfdError(
      'loop-unused',
      `loop file ${JSON.stringify(loop[unused])}: the table does not use it`,
      { hint: `write {loop${unused}} where the table needs its MAJ:MIN` },
    );
  }
}

const LOOP_WORD = /\{loop(\d+)\}/g;

/** The table with the loop devices' numbers in it; `numbers` as MAJ:MIN. */
export function substituteLoops(table: Table, numbers: readonly string[]): Table {
  if (numbers.length === 0) return table;
  return table.map((target) => ({
    ...target,
    params: target.params.replace(LOOP_WORD, (word, digits) => numbers[Number(digits)] ?? word),
  })) as unknown as Table;
}
