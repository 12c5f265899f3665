import { type Bytes, bytesOf } from './bytes.js';
import type { Description } from './describe.js';

const WORD = /\{(path|fd|dev|name|diskseq)\}/g;

/** Puts the device into the words of a command. Other braces stay: `find -exec … {}`, `${…}`, JSON. */
export function fillPlaceholders(words: readonly Bytes[], device: Description): Bytes[] {
  const values: Readonly<Record<string, string>> = {
    path: device.path,
    fd: device.fd,
    dev: device.dev,
    name: device.name,
    diskseq: device.diskseq,
  };
  // What is put in is not searched again: a device may be named "{path}".
  return words.map((word) => word.replace(WORD, (whole, key) => bytesOf(values[key] ?? whole)));
}
