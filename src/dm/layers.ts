/**
 * The words by which a layer of a device names those below it: `{below}` is the next one, `{layer0}` the lowest, and so on;
 * `{below:sectors}` is the size of one.
 *
 * @module
 */
import type { Table, TableSource } from './table.js';

/** Also what is written almost so: a device-mapper table has no such words of its own. */
const LAYER_WORD = /\{(?:below|layer)[^{}]*\}/gi;

/** A word that names a layer below, as it stands in a text. */
export interface LayerWord {
  readonly word: string;
  /** The number of that layer, from 0 for the lowest; undefined where there is none below. */
  readonly index: number | undefined;
  /** It stands for the layer's size in sectors of 512 bytes, and not for its number. */
  readonly isSize: boolean;
}

/** The words of layer `own` that name layers below it. */
export function layerWords(text: string, own: number): LayerWord[] {
  return Array.from(text.matchAll(LAYER_WORD), ([word]) => parseWord(word, own));
}

/** The layer that a path stands for: `{below}` or `{layerN}`, with nothing around it. undefined for every other path. */
export function layerOfPath(path: string, own: number): LayerWord | undefined {
  const [only] = layerWords(path, own);
  if (only?.word !== path) return undefined;
  return only.isSize ? { ...only, index: undefined } : only;
}

/** The table of layer `own` with these texts, by the layers' numbers, for the words. */
export function substituteLayers(table: Table, own: number, texts: readonly string[]): Table {
  if (own === 0) return table;
  return table.map((target) => ({
    ...target,
    params: substitute(target.params, own, false, texts),
  })) as unknown as Table;
}

/** The texts of layer `own` with the sizes of those below it. */
export function substituteLayerSizes(
  sources: readonly TableSource[],
  own: number,
  sectors: readonly bigint[],
): TableSource[] {
  return sources.map(({ label, text }) => ({
    label,
    text: substitute(text, own, true, sectors.map(String)),
  }));
}

function substitute(text: string, own: number, sizes: boolean, texts: readonly string[]): string {
  return text.replace(LAYER_WORD, (word) => {
    const { index, isSize } = parseWord(word, own);
    return (index === undefined || isSize !== sizes ? undefined : texts[index]) ?? word;
  });
}

function parseWord(word: string, own: number): LayerWord {
  const [, name, digits, size] = /^\{(below|layer(\d+))(:sectors)?\}$/.exec(word) ?? [];
  const index = name === 'below' ? own - 1 : Number(digits ?? own);
  const isThere = index >= 0 && index < own;
  return { word, index: isThere ? index : undefined, isSize: size !== undefined };
}
