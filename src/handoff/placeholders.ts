import { type Bytes, bytesOf } from './bytes.js';
import type { Description, LayerDescription } from './describe.js';

const WORD = /\{(path|fd|dev|name|diskseq)(?::(\d{1,9}))?\}/g;

/**
 * Puts the device into the words of a command; with a number, as in `{path:0}`, one of its layers, from 0 for the lowest. Other
 * braces stay: `find -exec … {}`, `${…}`, JSON.
 */
export function fillPlaceholders(words: readonly Bytes[], device: Description): Bytes[] {
  const layers = layersOf(device);
  // A value that is put in is not searched again: a device may be named "{path}".
  return words.map((word) =>
    word.replace(WORD, (whole, key: string, index?: string) => {
      const values = index === undefined ? valuesOf(device) : layers[Number(index)];
      return bytesOf(values?.[key] ?? whole);
    }),
  );
}

/** The placeholders with a number that would stay, of a command of a device of so many layers. */
export function unfilledPlaceholders(words: readonly Bytes[], layers: number): Bytes[] {
  if (layers === 1) return [];
  return words.flatMap((word) =>
    Array.from(word.matchAll(WORD)).flatMap(([whole, key, index = `${layers - 1}`]) => {
      const isFilled = Number(index) < layers && (key !== 'fd' || Number(index) === layers - 1);
      return isFilled ? [] : [whole];
    }),
  );
}

type Values = Readonly<Record<string, string>>;

/** In a device without layers a number means nothing: `{name:8}` is not ours to replace. */
function layersOf(device: Description): Values[] {
  if (device.below.length === 0) return [];
  return [...device.below.map(valuesOfLayer), valuesOf(device)];
}

function valuesOf(device: Description): Values {
  return { ...valuesOfLayer(device), fd: device.fd };
}

function valuesOfLayer({ path, dev, name, diskseq }: LayerDescription): Values {
  return { path, dev, name, diskseq };
}
