import { expect, test } from 'vitest';
import { layerOfPath, layerWords, substituteLayerSizes, substituteLayers } from '../../../src/dm/layers.js';
import { parseTable } from '../../../src/dm/table.js';

test.each<[text: string, own: number, words: [word: string, index: number | undefined][]]>([
  ['{below} 0', 1, [['{below}', 0]]],
  ['{below} 0', 3, [['{below}', 2]]],
  [
    '{layer0} 0 {layer1} 0 {below}',
    3,
    [
      ['{layer0}', 0],
      ['{layer1}', 1],
      ['{below}', 2],
    ],
  ],
  ['8:{below}', 1, [['{below}', 0]]],
  ['{below}', 0, [['{below}', undefined]]],
  ['{layer0}', 0, [['{layer0}', undefined]]],
  ['{layer1}', 1, [['{layer1}', undefined]]],
  [
    '{layer7} {layer}',
    2,
    [
      ['{layer7}', undefined],
      ['{layer}', undefined],
    ],
  ],
  [
    '{Below} {LAYER0} {layer-1} {layers0}',
    2,
    [
      ['{Below}', undefined],
      ['{LAYER0}', undefined],
      ['{layer-1}', undefined],
      ['{layers0}', undefined],
    ],
  ],
  ['{layer99999999999999999999}', 2, [['{layer99999999999999999999}', undefined]]],
  [
    '{below:sectors} {layer0:sectors} {layer5:sectors}',
    2,
    [
      ['{below:sectors}', 1],
      ['{layer0:sectors}', 0],
      ['{layer5:sectors}', undefined],
    ],
  ],
  [
    '{belows} {below:bytes}',
    2,
    [
      ['{belows}', undefined],
      ['{below:bytes}', undefined],
    ],
  ],
  ['{loop0} {key} {} below layer0', 2, []],
])('%j in layer %i', (text, own, words) => {
  expect(layerWords(text, own)).toEqual(
    words.map(([word, index]) => ({ word, index, isSize: word.endsWith(':sectors}') })),
  );
});

test('a path is a layer, or a file', () => {
  expect(layerOfPath('{below}', 2)).toEqual({ word: '{below}', index: 1, isSize: false });
  expect(layerOfPath('{layer0}', 2)).toEqual({ word: '{layer0}', index: 0, isSize: false });
  expect(layerOfPath('{layer2}', 2)).toMatchObject({ index: undefined });
  expect(layerOfPath('{below:sectors}', 2)).toMatchObject({ index: undefined });
  for (const file of ['./{below}', '{below}x', '{layer0}{layer1}', 'a', '']) {
    expect(layerOfPath(file, 2)).toBeUndefined();
  }
});

test('a table gets the layers’ numbers, and nothing else', () => {
  const table = parseTable([{ label: 'T', text: '0 8 mirror {below} {layer0} {loop0} {key}\n8 8 zero' }]);
  expect(substituteLayers(table, 2, ['254:3', '254:9']).map(({ params }) => params)).toEqual([
    '254:9 254:3 {loop0} {key}',
    '',
  ]);
});

test('texts get the layers’ sizes, and nothing else', () => {
  const text = '0 {below:sectors} mirror {below} {layer0:sectors} {loop0}';
  expect(substituteLayerSizes([{ label: 'T', text }], 2, [8n, 16n])).toEqual([
    { label: 'T', text: '0 16 mirror {below} 8 {loop0}' },
  ]);
});
