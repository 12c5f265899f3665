/**
 * Checks of layers that stand on each other: messages name each by its number, from 0 for the lowest.
 *
 * @module
 */
import { type LayerWord, layerOfPath, layerWords } from '../dm/layers.js';
import type { Table, TableSource } from '../dm/table.js';
import { DmfdError, detailsOf } from '../errors.js';
import { backingsOf, type CheckedSegment } from '../segment/request.js';

/** A layer's parts, as far as they can be known before a file is opened. */
export type LayerContent =
  | { readonly table: Table }
  /** Lines that say a size: `{sectorsN}`, `{below:sectors}`. */
  | { readonly sources: readonly TableSource[] }
  | { readonly segments: readonly CheckedSegment[] };

/** Does something for a layer; errors name it. In a device without others nothing is to be told apart. */
export function inLayer<T>(index: number, count: number, action: () => T): T {
  if (count === 1) return action();
  try {
    return action();
  } catch (error) {
    if (!(error instanceof DmfdError)) throw error;
    throw new DmfdError(error.code, `layer ${index}: ${error.message}`, detailsOf(error));
  }
}

/** The words by which layer `own` names those below it. @throws DmfdError `usage` for one that names none */
export function layersNamed(content: LayerContent, own: number): number[] {
  return wordsIn(content, own).map((word) => word.index ?? refuse(word, own));
}

/** A size alone holds nothing. */
function layersHeld(content: LayerContent, own: number): number[] {
  return wordsIn(content, own).flatMap(({ index, isSize }) => (index === undefined || isSize ? [] : [index]));
}

function wordsIn(content: LayerContent, own: number): LayerWord[] {
  if ('segments' in content)
    return content.segments.flatMap(backingsOf).flatMap(({ path }) => layerOfPath(path, own) ?? []);
  const texts =
    'table' in content ? content.table.map(({ params }) => params) : content.sources.map(({ text }) => text);
  // Most lines of a large table have none.
  return texts.filter((text) => text.includes('{')).flatMap((text) => layerWords(text, own));
}

function refuse({ word }: LayerWord, own: number): never {
  const below =
    own === 0
      ? 'no layer is below'
      : own === 1
        ? 'only layer 0 is below'
        : `below are only layers 0 to ${own - 1}`;
  throw new DmfdError('layer-missing', `${word}: ${below}`, {
    hint:
      own === 0
        ? 'a file of that name is written with its directory: ./{below}'
        : 'the next one is {below}, the lowest {layer0}',
  });
}

interface StackedLayer {
  readonly name: string;
  readonly uuid: string;
  readonly content: LayerContent;
}

/**
 * A layer that nothing stands on would go at once, and two of one name cannot be.
 *
 * @param layers the lowest first, each with the numbers of those that it names
 * @throws DmfdError `usage`
 */
export function checkStack(layers: readonly StackedLayer[]): void {
  const used = new Set(layers.flatMap(({ content }, own) => layersHeld(content, own)));
  for (const [index, { name, uuid }] of layers.entries()) {
    if (index < layers.length - 1 && !used.has(index)) throw unused(index, name);
    const other = layers.findIndex((layer) => layer.name === name || layer.uuid === uuid);
    if (other === index) continue;
    const what =
      layers[other]?.name === name ? `name ${JSON.stringify(name)}` : `UUID ${JSON.stringify(uuid)}`;
    throw new DmfdError('invalid-request', `layers ${other} and ${index} have the same ${what}`);
  }
}

function unused(index: number, name: string): DmfdError {
  return new DmfdError(
    'layer-unused',
    `layer ${index} (${name}): no layer above names it, and what nothing stands on would go at once`,
    { hint: `write {layer${index}} where one needs it; {below} is the next one below` },
  );
}
