import { formatDeviceNumber, parseDeviceNumber } from '../dm/device-number.js';
import type { TableSource } from '../dm/table.js';
import { blockDeviceAt } from '../kernel/block-device.js';

/** How to read a table file. */
export type TableReader = (file: string) => TableSource;

/** A layer of a table file. */
export interface Layer {
  readonly table: readonly TableSource[];
}

/** The line that parts a layer from the next, which stands on it and names it `{below}`. */
const THEN = /^[ \t]*then[ \t]*\r?$/;

/** The layers of a table file, the lowest first. Each text keeps its lines where they are in the file, for messages. */
export function tableLayers({ label, text }: TableSource): Layer[] {
  const layers: string[][] = [[]];
  for (const [index, line] of text.split('\n').entries()) {
    if (THEN.test(line)) layers.push(Array<string>(index + 1).fill(''));
    else layers.at(-1)?.push(line);
  }
  return layers.map((lines) => ({ table: [{ label, text: lines.join('\n') }] }));
}

/** As the kernel parts a target's arguments: a backslash takes the character after it as it is. */
const WORD = /(?:\\[^\n]|[^\s\\])+/g;

/** The same text with the numbers of the block devices that its words name now, for the kernel to open those. */
export function withNumbers({ label, text }: TableSource): TableSource {
  const numbered = text.replace(WORD, (word) => {
    const plain = word.replace(/\\(.)/g, '$1');
    // No other word is looked for in the file system: it may be a key.
    const device = plain.includes('/') ? blockDeviceAt(plain) : parseDeviceNumber(plain);
    return device === undefined ? word : formatDeviceNumber(device);
  });
  return { label, text: numbered };
}
