import type { Backing } from '../backing/request.js';
import type { TableLayer } from '../device/request.js';
import { type ConciseDevice, linkConcise, parseConcise } from '../dm/concise.js';
import { KEY_WORD, loopNumbers, sectorsNumbers, type TableSource } from '../dm/table.js';
import { readIfThere } from '../kernel/pseudo-files.js';
import type { KeySource } from '../key/key.js';

/** A layer; of the files and the key it has what its own table names. */
export type ConciseLayer = TableLayer & { readonly table: readonly TableSource[] };

/** The layers of a `--concise`, the lowest first. @throws DmfdError `usage` */
export function readConcise(
  text: string,
  loop: readonly Backing[],
  key: KeySource | undefined,
): ConciseLayer[] {
  const devices = linkConcise(parseConcise(text), deviceMapperMajor());
  const texts = devices.map(({ lines }) => lines.join('\n'));
  const named = texts.map((all) => new Set([...loopNumbers(all), ...sectorsNumbers(all)]));
  const takesKey = texts.some((all) => all.includes(KEY_WORD));
  return devices.map((device, index) => {
    const isLast = index === devices.length - 1;
    // What no table names is the last one's, which says so.
    const own = [...loop.keys()].filter(
      (number) => named[index]?.has(number) || (isLast && !named.some((numbers) => numbers.has(number))),
    );
    const hasKey = texts[index]?.includes(KEY_WORD) || (isLast && !takesKey);
    const lines = device.lines.map((line) => renumber(line, own));
    return layerOf(
      { ...device, lines },
      own.flatMap((number) => loop[number] ?? []),
      hasKey ? key : undefined,
      devices.length === 1 ? '--concise' : `--concise, device ${index + 1}`,
    );
  });
}

function layerOf(
  { name, uuid, readOnly, lines }: ConciseDevice,
  loop: readonly Backing[],
  key: KeySource | undefined,
  label: string,
): ConciseLayer {
  return {
    name,
    ...(uuid === undefined ? {} : { uuid }),
    readOnly,
    table: lines.map((text, index) => ({ label: `${label}, table ${index + 1}`, text })),
    loop,
    ...(key === undefined ? {} : { key }),
  };
}

/** The files of the option count over all devices, those of a layer over its own. */
function renumber(line: string, own: readonly number[]): string {
  return line.replace(/\{(loop|sectors)(\d+)\}/g, (word, kind, digits) => {
    const index = own.indexOf(Number(digits));
    return index < 0 ? word : `{${kind}${index}}`;
  });
}

function deviceMapperMajor(): number | undefined {
  const digits = /^\s*(\d+) device-mapper$/m.exec(readIfThere('/proc/devices'))?.[1];
  return digits === undefined ? undefined : Number(digits);
}
