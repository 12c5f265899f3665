import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import * as source from '../../../src/index.js';
import { checkout } from '../../vm/harness/checkout.js';
import { distribution } from '../support/distribution.js';

const index = distribution('module/index.js');

// A program that imports it waits for every file, and for what each imports.
test('the library is two files, and one for its threads, of no more bytes than it needs', () => {
  const folder = dirname(index);
  expect(readdirSync(folder).sort()).toEqual(['index.js', 'shared.js', 'worker.js']);
  const imported = (file: string) =>
    [...readFileSync(join(folder, file), 'utf8').matchAll(/^import .* from "(.*)";$/gm)].map(
      ([, name]) => name ?? '',
    );
  const ofOthers = (name: string) => !name.startsWith('node:');
  expect(imported('index.js').filter(ofOthers)).toEqual(['./shared.js']);
  expect(imported('worker.js').filter(ofOthers)).toEqual(['./shared.js']);
  expect(imported('shared.js').filter(ofOthers)).toEqual([]);
  expect(statSync(join(folder, 'shared.js')).size).toBeLessThan(242_000);
});

test('it exports what the source does', async () => {
  const built = await import(pathToFileURL(index).href);
  expect(Object.keys(built).sort()).toEqual(Object.keys(source).sort());
});

test('its types have nothing that is for dmfd alone', () => {
  const source = readFileSync(join(checkout, 'src/device/handle.ts'), 'utf8');
  const types = readFileSync(distribution('types/device/handle.d.ts'), 'utf8');
  const internal = [...source.matchAll(/@internal\b.*?\*\/\s+(?:static )?(\w+)\(/gs)].map(([, name]) => name);
  expect(internal).toEqual(['constructor', 'of', 'over', 'secondHandle', 'handOver']);
  expect(types).toMatch(/^ {4}release\(/m);
  for (const name of internal) expect(types).not.toMatch(new RegExp(`^ {4}(static )?${name}\\(.+\\)`, 'm'));
});
