import { type DeviceNumber, formatDeviceNumber, parseDeviceNumber } from '../dm/device-number.js';
import type { LiveSegment } from '../dm/segments.js';
import { DmControl } from '../kernel/dm-control.js';
import type { Kernel } from '../kernel/kernel.js';
import type { Made } from './made.js';
import type { Claim } from './sharing.js';
import type { Layer } from './table-layers.js';
import type { Mode } from './vbd.js';

/** Targets that read one of their devices and write to the others: which one, by the number of the argument. */
const READERS: ReadonlyMap<string, number> = new Map([
  ['snapshot', 0],
  ['clone', 2],
]);
const KEYED: readonly string[] = ['crypt', 'integrity'];
const BLANKS = /\s+/;
/** Gives each of its devices blocks of its own in the pool. */
const THIN = 'thin';

/** The devices that layers name, by number; the lowest layer first. */
export function claimsNamed(layers: readonly Layer[], { readOnly }: Mode): Claim[] {
  return layers.flatMap(({ table }, index) => {
    const lines = table.flatMap(({ text }) => text.split('\n')).flatMap(targetOf);
    const words = new Set(lines.flatMap(({ text }) => text.split(BLANKS)));
    const below = [...words].flatMap((word) => parseDeviceNumber(word) ?? []);
    return claimsOfLayer(lines, below, readOnly && index === layers.length - 1);
  });
}

/** Of any line, for what is wrong with it is told when the table is loaded. */
function targetOf(line: string): Pick<LiveSegment, 'type' | 'text'>[] {
  const [, type, text = ''] = LINE.exec(line) ?? [];
  return type === undefined ? [] : [{ type, text }];
}

/** `NAME: START LENGTH TYPE ARGS…`, the name as "dmsetup table" prints it. */
const LINE = /^\s*(?!#)(?:\S+:\s+)?\S+\s+\S+\s+(\S+)\s*(.*)$/s;

/** The devices below those of a table, except for each other: from the kernel, when they are made. */
export function claimsOfTable(kernel: Kernel, made: readonly Made[], { readOnly }: Mode): Claim[] {
  const own = made.map(formatDeviceNumber);
  return DmControl.with(kernel, (dm) =>
    made.flatMap((layer, index) =>
      claimsOfLayer(tableOf(dm, layer), dm.dependencies(layer), readOnly && index === 0).filter(
        (claim) => !own.includes(formatDeviceNumber(claim)),
      ),
    ),
  );
}

/** Without arguments where nothing hangs on them, or one of them is a key, which is not to come into this process. */
function tableOf(dm: DmControl, layer: Made): Pick<LiveSegment, 'type' | 'text'>[] {
  const types = dm.segments(layer, true).map(({ type }) => type);
  return types.some((type) => READERS.has(type)) && !types.some((type) => KEYED.includes(type))
    ? dm.table(layer)
    : types.map((type) => ({ type, text: '' }));
}

/** The claims of a device with this table on the devices below it. */
export function claimsOfLayer(
  table: readonly Pick<LiveSegment, 'type' | 'text'>[],
  below: readonly DeviceNumber[],
  readOnly: boolean,
): Claim[] {
  if (table.every(({ type }) => type === THIN)) return [];
  const [read, kept, others] = [new Set<string>(), new Set<string>(), new Set<string>()];
  for (const { type, text } of table) {
    const reads = READERS.get(type);
    for (const [index, word] of text.split(BLANKS).entries()) {
      const set = reads === undefined ? others : index === reads ? read : kept;
      set.add(word);
    }
  }
  return below.map((device) => {
    const number = formatDeviceNumber(device);
    // A store is written to even if the device only reads: a new one gets its header, and a clone is filled.
    const write = kept.has(number) || (!readOnly && (others.has(number) || !read.has(number)));
    return { ...device, write };
  });
}
