import type { TableSource } from '../dm/table.js';

/** A layer of a table file. */
interface Layer {
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
