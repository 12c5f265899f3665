import { readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { planDeviceSync } from '../../../src/device/plan.js';
import { checkRequest, type DeviceRequest, type Layer } from '../../../src/device/request.js';
import { refusal } from '../support/refusal.js';
import { inScratchFolder } from '../support/scratch.js';

inScratchFolder();
beforeAll(() => {
  for (const [name, size] of Object.entries({ a: 1_048_576, b: 524_288, odd: 5000 })) {
    writeFileSync(name, '');
    truncateSync(name, size);
  }
});

const ZERO: Layer = { table: '0 8 zero' };
const A: Layer = { segments: [{ target: 'linear', backing: 'a' }] };
const ON_BELOW = '0 8 linear {below} 0';

const plan = (request: DeviceRequest) => planDeviceSync({ name: 'n', ...request });
const tables = (request: DeviceRequest): string[] => {
  const { below, table } = plan(request);
  return [...below.map((layer) => layer.table), table];
};

/** The table over one loop device of 1 MiB. */
const WHOLE = '0 2040 linear {loop0} 0\n2040 8 linear {loop0} 2040';

describe('layers', () => {
  test('have the device’s name with their number, UUIDs of their own, and no more in common', () => {
    const { below, name, uuid } = checkRequest({
      name: 'top',
      uuid: 'U',
      below: [ZERO, { table: ON_BELOW }],
      table: '0 8 linear {layer1} 0',
    });
    expect([name, uuid, ...below.map((layer) => layer.name)]).toEqual(['top', 'U', 'top-0', 'top-1']);
    const uuids = below.map((layer) => layer.uuid);
    expect(new Set(uuids).size).toBe(2);
    for (const own of uuids) expect(own).toMatch(/^DMFD-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  });

  test('keep what was asked of each', () => {
    const { below, messages, key } = checkRequest({
      below: [
        {
          ...ZERO,
          name: 'mine',
          uuid: 'V',
          readOnly: true,
          messages: [{ text: 'one' }, { sector: 3n, text: 'two 2' }],
        },
      ],
      table: ON_BELOW,
    });
    expect(below).toMatchObject([
      {
        name: 'mine',
        uuid: 'V',
        readOnly: true,
        messages: [
          { sector: 0n, text: 'one' },
          { sector: 3n, text: 'two 2' },
        ],
      },
    ]);
    expect([messages, key]).toEqual([[], undefined]);
  });

  test('may have inherited properties, as a request may', () => {
    const inherited = <T extends object>(properties: T): T => Object.create(properties);
    const request = inherited({ table: ON_BELOW, below: [inherited({ ...ZERO, name: 'mine' })] });
    expect(checkRequest(request)).toMatchObject({ below: [{ name: 'mine' }] });
  });

  test('that are encrypted have a key each', () => {
    const crypt = (backing: string) => [{ target: 'crypt', backing } as const];
    const { below, key } = checkRequest({
      below: [{ segments: crypt('a'), key: { random: 256 } }],
      segments: crypt('{below}'),
    });
    expect([below[0]?.key, key]).toEqual([{ random: 256 }, { random: 512 }]);
  });

  test.each<[what: string, expected: string[], request: DeviceRequest]>([
    [
      'a part of one',
      [WHOLE, '0 8 linear {layer0} 8'],
      {
        below: [A],
        segments: [{ target: 'linear', backing: { path: '{below}', offset: 4096n, size: 4096n } }],
      },
    ],
    [
      'one and a file',
      [WHOLE, '0 2048 linear {layer0} 0\n2048 1024 linear {loop0} 0'],
      {
        below: [A],
        segments: [
          { target: 'linear', backing: '{below}' },
          { target: 'linear', backing: 'b' },
        ],
      },
    ],
    [
      'two',
      ['0 8 zero', '0 8 linear {layer0} 0', '0 16 striped 2 8 {layer0} 0 {layer1} 0'],
      {
        below: [ZERO, { table: ON_BELOW }],
        segments: [{ target: 'striped', backings: ['{layer0}', '{below}'], chunk: 4096n }],
      },
    ],
    [
      'one as a store',
      ['0 1024 crypt aes-xts-plain64 {key} 0 {loop0} 0', '0 2048 snapshot {loop0} {layer0} N 8'],
      {
        below: [{ segments: [{ target: 'crypt', backing: 'b' }] }],
        segments: [{ target: 'snapshot', base: 'a', cow: '{below}' }],
      },
    ],
    [
      'one of all its size',
      [WHOLE, '0 2048 linear {layer0} 0\n2048 8 error'],
      { below: [A], table: '0 {below:sectors} linear {below} 0\n{layer0:sectors} 8 error' },
    ],
    [
      'one in a table of the size of a file',
      ['0 8 zero', '0 2048 mirror {loop0} {layer0}'],
      { below: [ZERO], table: '0 {sectors0} mirror {loop0} {below}', loop: ['a'] },
    ],
  ])('may stand on %s', (_what, expected, request) => {
    expect(tables(request)).toEqual(expected);
  });

  test('tell the size, the files and the warnings of each', () => {
    expect(
      plan({
        below: [{ segments: [{ target: 'linear', backing: 'odd' }] }],
        segments: [{ target: 'delay', backing: '{below}', read: 1 }],
      }),
    ).toMatchObject({
      name: 'n',
      size: 4608n,
      loops: [],
      below: [{ name: 'n-0', size: 4608n, readOnly: false, loops: [{ file: 'odd' }] }],
      warnings: ['linear "odd": its 5000 bytes are no multiple of 512; the last 392 are left out'],
    });
  });

  test.each<[readOnly: boolean[], request: DeviceRequest]>([
    [
      [true, true],
      { below: [{ ...A, readOnly: true }], segments: [{ target: 'linear', backing: '{below}' }] },
    ],
    [
      [true, false],
      { below: [{ ...A, readOnly: true }], segments: [{ target: 'snapshot', base: '{below}' }] },
    ],
    [
      [true, true, true],
      {
        below: [{ ...A, readOnly: true }, { segments: [{ target: 'linear', backing: '{below}' }] }],
        segments: [{ target: 'linear', backing: '{below}' }],
      },
    ],
    [
      [false, true],
      { below: [A], segments: [{ target: 'linear', backing: { path: '{below}', readOnly: true } }] },
    ],
    [[false, true], { below: [A], table: ON_BELOW, readOnly: true }],
    [[true, false], { below: [{ ...ZERO, readOnly: true }], table: ON_BELOW }],
  ])('are read-only (%j) where a part of them is: %o', (readOnly, request) => {
    const { below, readOnly: top } = plan(request);
    expect([...below.map((layer) => layer.readOnly), top]).toEqual(readOnly);
  });
});

describe('wrong layers are refused', () => {
  test.each<[message: string, request: DeviceRequest, hint?: RegExp]>([
    ['{below}: no layer is below', { table: ON_BELOW }, /\.\/\{below\}/],
    ['{layer0}: no layer is below', { segments: [{ target: 'linear', backing: '{layer0}' }] }],
    [
      '{below}: no layer is below',
      { segments: [{ target: 'snapshot', base: 'a', cow: { path: '{below}' } }] },
    ],
    ['{below}: no layer is below', { segments: [{ target: 'striped', backings: ['a', '{below}'] }] }],
    ['{below}: no layer is below', { table: '0 {sectors0} mirror {loop0} {below}', loop: ['a'] }],
    ['layer 0: {below}: no layer is below', { below: [{ table: ON_BELOW }], table: ON_BELOW }],
    [
      'layer 1: {layer7}: only layer 0 is below',
      { below: [ZERO], table: '0 8 linear {layer7} 0' },
      /the next one is \{below\}/,
    ],
    ['layer 1: {layer1}: only layer 0 is below', { below: [ZERO], table: '0 8 linear {layer1} 0' }],
    [
      'layer 2: {layer}: below are only layers 0 to 1',
      { below: [ZERO, { table: ON_BELOW }], table: '0 8 linear {layer} 0' },
    ],
    ['layer 1: {Below}: only layer 0 is below', { below: [ZERO], table: '0 8 linear {Below} 0' }],
    [
      'layer 0 (n-0): no layer above names it, and what nothing stands on would go at once',
      { below: [ZERO], ...ZERO },
      /write \{layer0\}/,
    ],
    [
      'layer 0 (n-0): no layer above names it, and what nothing stands on would go at once',
      { below: [ZERO, ZERO], table: ON_BELOW },
    ],
    [
      'property loop[0] is "{below}": a layer needs no loop device',
      { table: '0 8 linear {loop0} 0', loop: ['{below}'] },
    ],
    [
      'layer 1: property loop[0] is "{below}": a layer needs no loop device',
      { below: [ZERO], table: '0 8 linear {loop0} 0', loop: ['{below}'] },
    ],
    [
      'layer 0: table, line 1: it starts at sector 1; a table must start at 0',
      { below: [{ table: '1 8 zero' }], table: ON_BELOW },
    ],
    [
      'layer 1: the table says {key}, but no key was given',
      { below: [ZERO], table: '0 8 crypt x {key} 0 {below} 0' },
    ],
    [
      'layer 0: a key was given, but the table does not say {key}',
      { below: [{ ...ZERO, key: { random: 8 } }], table: ON_BELOW },
    ],
    ['layer 1: {below:size}: only layer 0 is below', { below: [ZERO], table: '0 8 linear {below:size} 0' }],
    ['{below:sectors}: no layer is below', { table: '0 {below:sectors} zero' }],
    [
      'layer 1: {below:sectors}: only layer 0 is below',
      { below: [ZERO], segments: [{ target: 'linear', backing: '{below:sectors}' }] },
    ],
    [
      'layer 0 (n-0): no layer above names it, and what nothing stands on would go at once',
      { below: [ZERO], table: '0 {below:sectors} zero' },
    ],
    ['layers 0 and 1 have the same name "n"', { below: [{ ...ZERO, name: 'n' }], table: ON_BELOW }],
    [
      'layers 0 and 1 have the same UUID "U"',
      { below: [{ ...ZERO, uuid: 'U' }], uuid: 'U', table: ON_BELOW },
    ],
    [
      'layer 0: device name "a/b": "/" is not allowed in it',
      { below: [{ ...ZERO, name: 'a/b' }], table: ON_BELOW },
    ],
    [
      'property "below[0].mode": there is none of that name',
      { below: [{ ...ZERO, mode: 'auto' } as Layer], table: ON_BELOW },
    ],
    [
      'property below[0].table is missing: it must be a string, or an array of strings and of { label, text }',
      { below: [{} as Layer], table: ON_BELOW },
    ],
    [
      'property messages[0].text is missing: it must be a string',
      { ...ZERO, messages: [{} as { text: string }] },
    ],
    [
      'property messages[0].text is empty, or has a NUL in it: no message',
      { ...ZERO, messages: [{ text: ' ' }] },
    ],
    [
      'property messages[1].sector is -1n: it must not be negative',
      { ...ZERO, messages: [{ text: 'x' }, { sector: -1n, text: 'x' }] },
    ],
    [
      'message "x": there is no sector 8, for the device has 8',
      { ...ZERO, messages: [{ sector: 8n, text: 'x' }] },
    ],
    [
      'layer 0: message "x": there is no sector 9, for the device has 8',
      { below: [{ ...ZERO, messages: [{ sector: 9n, text: 'x' }] }], table: ON_BELOW },
    ],
    [
      'layer 1: linear "missing": cannot find it: ENOENT, no such file or directory',
      {
        below: [ZERO],
        segments: [
          { target: 'linear', backing: '{below}' },
          { target: 'linear', backing: 'missing' },
        ],
      },
    ],
    [
      'layer 1: linear "{below}": the offset is 4096 bytes, and there are only 4096',
      { below: [ZERO], segments: [{ target: 'linear', backing: { path: '{below}', offset: 4096n } }] },
    ],
    [
      'layer 1: linear "{below}": the size is 8192 bytes, and there are only 4096',
      { below: [ZERO], segments: [{ target: 'linear', backing: { path: '{below}', size: 8192n } }] },
    ],
    [
      'layer 1: crypt "{below}": 512 bytes, less than one sector of 4096',
      {
        below: [{ table: '0 1 zero' }],
        segments: [{ target: 'crypt', backing: '{below}', sectorSize: 4096 }],
      },
    ],
    [
      'layer 1: cow "{below}": layer 0 is read-only',
      { below: [{ ...ZERO, readOnly: true }], segments: [{ target: 'snapshot', base: 'a', cow: '{below}' }] },
    ],
    [
      'layer 1: cow "{below}": overlay "{layer0}" has the same bytes, and one would write over the other',
      { below: [ZERO], segments: [{ target: 'snapshot', base: '{layer0}', cow: '{below}' }] },
    ],
  ])('%s', (message, request, hint) => {
    const open = readdirSync('/proc/self/fd').length;
    const error = refusal(() => plan(request));
    expect(error).toMatchObject({ kind: 'usage', message });
    if (hint !== undefined) expect(error.hint).toMatch(hint);
    expect(readdirSync('/proc/self/fd').length).toBe(open);
  });

  test('a name that has no room for a number', () => {
    const name = 'n'.repeat(126);
    expect(refusal(() => checkRequest({ name, below: [ZERO], table: ON_BELOW })).message).toBe(
      `layer 0: device name "${name}-0": 128 bytes, and at most 127 are allowed`,
    );
  });

  test.each<[what: string, segments: DeviceRequest['segments']]>([
    ['a partition', [{ target: 'linear', backing: { path: '{below}', partition: 1 } }]],
    ['an odd offset', [{ target: 'linear', backing: { path: '{below}', offset: 37n, size: 512n } }]],
    ['a loop device on it', [{ target: 'linear', backing: { path: '{below}', sectorSize: 4096 } }]],
    [
      'a base that does not begin where it does',
      [{ target: 'snapshot', base: { path: '{below}', offset: 512n } }],
    ],
    ['hashes on it', [{ target: 'verity', backing: 'a', hash: '{below}', root: '00' }]],
  ])('%s can be told only of a layer that is there', (_what, segments = []) => {
    const error = refusal(() => plan({ below: [ZERO], segments }));
    expect(error).toMatchObject({ code: 'not-known-yet', hint: 'only making the device can tell' });
  });
});
