import { expect, test } from 'vitest';
import { bytesOf } from '../../../src/handoff/bytes.js';
import { fillPlaceholders } from '../../../src/handoff/placeholders.js';
import { description } from './description.js';

test.each([
  ['{path}', '/dev/dm-5'],
  ['{fd}', '3'],
  ['{dev}', '254:5'],
  ['{name}', 'mine'],
  ['{diskseq}', '42'],
  ['if={path},fd={fd}:{path}', 'if=/dev/dm-5,fd=3:/dev/dm-5'],
  ['{{path}}', '{/dev/dm-5}'],
  ['{}', '{}'],
  ['{uuid}', '{uuid}'],
  ['{ path }', '{ path }'],
  ['{PATH}', '{PATH}'],
  [`$${'{path}'}`, '$/dev/dm-5'],
  ['{"path": 1}', '{"path": 1}'],
  ['', ''],
  ['plain', 'plain'],
])('%j becomes %j', (word, filled) => {
  expect(fillPlaceholders([word], description())).toEqual([filled]);
});

test('what was put in is not searched again', () => {
  const device = description({ name: '{path} $& {fd}' });
  expect(fillPlaceholders(['{name}'], device)).toEqual(['{path} $& {fd}']);
});

test('bytes that are not UTF-8 stay, and a name goes in as UTF-8', () => {
  expect(fillPlaceholders(['\xff{name}\xfe'], description({ name: 'ü' }))).toEqual([
    `\xff${bytesOf('ü')}\xfe`,
  ]);
});

test('a number names a layer, where there are several', () => {
  const { path, name, uuid, dev, diskseq, size, loops } = description({
    path: '/dev/dm-3',
    name: 'low',
    dev: '254:3',
    diskseq: '40',
  });
  const stacked = description({ below: [{ path, name, uuid, dev, diskseq, size, loops }] });
  const words = [
    '{path:0} {dev:0} {name:0} {diskseq:0}',
    '{path:1} {fd:1} {path}',
    '{fd:0} {path:2} {uuid:0} {path:}',
  ];
  expect(fillPlaceholders(words, stacked)).toEqual([
    '/dev/dm-3 254:3 low 40',
    '/dev/dm-5 3 /dev/dm-5',
    '{fd:0} {path:2} {uuid:0} {path:}',
  ]);
  expect(fillPlaceholders(['{path:0} {name:10}'], description())).toEqual(['{path:0} {name:10}']);
});
