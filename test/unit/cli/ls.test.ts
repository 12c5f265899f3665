import { expect, test } from 'vitest';
import { COLUMN_NAMES, type ListedDevice, parseColumns } from '../../../src/cli/device-columns.js';
import { formatDevices } from '../../../src/cli/ls.js';
import { summary } from '../support/device.js';
import { refusal } from '../support/refusal.js';

const NOW = new Date('2026-11-26T12:00:00Z');

const DEVICE = summary({
  name: 'dmfd-6a865b81',
  uuid: 'DMFD-6a865b81-10e6-4c83-8a41-44eab8ad6852',
  size: 64n * 1024n ** 2n,
  targets: ['linear'],
  openCount: 1,
  deferredRemove: true,
  state: 'held',
  created: new Date('2026-11-26T11:57:00Z'),
});

const LISTED: readonly ListedDevice[] = [
  {
    device: DEVICE,
    holders: [
      { kind: 'process', pid: 12345, name: 'mkfs.ext4' },
      { kind: 'mount', path: '/mnt' },
    ],
  },
  {
    device: {
      ...DEVICE,
      name: 'kept',
      path: '/dev/dm-12',
      size: 1536n,
      targets: ['linear', 'error'],
      readOnly: true,
      openCount: 0,
      state: 'kept',
      deferredRemove: false,
      created: undefined,
    },
    holders: [],
  },
];

const PLAIN = { headings: true, colour: false };

test('devices stand below each other, within 80 characters', () => {
  const lines = formatDevices(LISTED, parseColumns('-o'), PLAIN, NOW);
  expect(lines).toEqual([
    'NAME          NODE       SIZE TARGETS      MODE STATE OPEN AGE HELD BY',
    'dmfd-6a865b81 /dev/dm-0   64M linear       rw   held     1  3m process 12345 (mkfs.ext4)',
    '                                                               mount /mnt',
    'kept          /dev/dm-12 1.5K linear,error ro   kept     0',
  ]);
});

test('on a terminal the last column is wrapped into what is left', () => {
  const lines = formatDevices(LISTED, parseColumns('-o'), { ...PLAIN, width: 80 }, NOW);
  expect(lines).toEqual([
    'NAME          NODE       SIZE TARGETS      MODE STATE OPEN AGE HELD BY',
    'dmfd-6a865b81 /dev/dm-0   64M linear       rw   held     1  3m process 12345',
    '                                                                 (mkfs.ext4)',
    '                                                               mount /mnt',
    'kept          /dev/dm-12 1.5K linear,error ro   kept     0',
  ]);
  const columns = parseColumns('-o', 'name,held-by');
  expect(formatDevices(LISTED, columns, { ...PLAIN, width: 10 }, NOW)).toEqual([
    'NAME          HELD',
    '                BY',
    'dmfd-6a865b81 process',
    '                12345',
    '                (mkfs.ext4)',
    '              mount',
    '                /mnt',
    'kept',
  ]);
  for (const width of [80, 200]) {
    const narrow = formatDevices(LISTED, columns, { ...PLAIN, width }, NOW);
    expect(narrow).toEqual(formatDevices(LISTED, columns, PLAIN, NOW));
  }
});

test('what most devices have fits 80 characters, with a long name of a process', () => {
  const one: ListedDevice = {
    device: { ...DEVICE, size: 1023n * 1024n + 512n, openCount: 1 },
    holders: [{ kind: 'process', pid: 1234, name: 'sleep' }],
  };
  const lines = formatDevices([one], parseColumns('-o'), PLAIN, NOW);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
});

test('columns are those asked for, in that order, and headings are left out', () => {
  const look = { headings: false, colour: false };
  expect(formatDevices(LISTED, parseColumns('-o', 'REMOVAL,name,dev'), look, NOW)).toEqual([
    'deferred dmfd-6a865b81 254:0',
    '-        kept          254:0',
  ]);
  const everything = parseColumns('-o', COLUMN_NAMES.join(','));
  expect(everything).toHaveLength(COLUMN_NAMES.length);
  expect(formatDevices([], parseColumns('-o'), PLAIN, NOW)).toEqual([]);
});

test('a column that there is not is named', () => {
  for (const [value, wrong] of [
    ['name,nme', 'nme'],
    ['', ''],
    ['name,', ''],
    ['name size', 'name size'],
    ['toString', 'toString'],
  ] as const) {
    expect(refusal(() => parseColumns('-o', value))).toMatchObject({
      kind: 'usage',
      message: `-o ${value}: there is no column ${JSON.stringify(wrong)}`,
      hint: expect.stringContaining('name,node,dev,size'),
    });
  }
});

test('control characters are written out, and count as what is written', () => {
  const odd: ListedDevice = {
    device: { ...DEVICE, name: 'a\x1b[2Jb' },
    holders: [{ kind: 'mount', path: '/a\nb\tc' }],
  };
  expect(formatDevices([odd], parseColumns('-o', 'name,held-by'), PLAIN, NOW)).toEqual([
    'NAME      HELD BY',
    'a\\x1b[2Jb mount /a\\x0ab\\x09c',
  ]);
});

test('colour is in letters alone, and takes no room', () => {
  const columns = parseColumns('-o', 'state,name');
  const coloured = formatDevices(LISTED, columns, { headings: true, colour: true }, NOW);
  expect(coloured).toEqual([
    '\x1b[1mSTATE\x1b[0m \x1b[1mNAME\x1b[0m',
    'held  dmfd-6a865b81',
    '\x1b[33mkept\x1b[0m  kept',
  ]);
  const plain = formatDevices(LISTED, columns, PLAIN, NOW);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  expect(coloured.map((line) => line.replace(/\x1b\[\d+m/g, ''))).toEqual(plain);
});
