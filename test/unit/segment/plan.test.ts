import {
  closeSync,
  ftruncateSync,
  openSync,
  readdirSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Backing } from '../../../src/backing/request.js';
import { type DevicePlan, planDeviceSync } from '../../../src/device/plan.js';
import type { DeviceRequest } from '../../../src/device/request.js';
import type { Segment } from '../../../src/segment/segment.js';
import { HEADERS } from '../content/headers.js';
import { refusal } from '../support/refusal.js';
import { inScratchFolder } from '../support/scratch.js';

inScratchFolder();
beforeAll(() => {
  for (const [name, size] of Object.entries({ a: 1_048_576, b: 524_288, odd: 5000, tiny: 2048 })) {
    writeFileSync(name, '');
    truncateSync(name, size);
  }
  symlinkSync('a', 'link');
});

const plan = (segments: Segment[], changes: Partial<DeviceRequest> = {}): DevicePlan =>
  planDeviceSync({ name: 'n', segments, ...changes } as DeviceRequest);
const linear = (path: string, part = {}): Segment => ({ target: 'linear', backing: { path, ...part } });

describe('segments become table lines', () => {
  test.each<[segments: Segment[], table: string, files?: (string | undefined)[]]>([
    [[{ target: 'linear', backing: 'a' }], '0 2040 linear {loop0} 0\n2040 8 linear {loop0} 2040'],
    [
      [linear('a', { size: 512_000n }), { target: 'error', size: 4096n }, linear('a', { offset: 516_096n })],
      '0 1000 linear {loop0} 0\n1000 8 error\n1008 1040 linear {loop0} 1008',
      ['a'],
    ],
    [[linear('a'), linear('link')], '0 2048 linear {loop0} 0\n2048 2048 linear {loop0} 0', ['a']],
    [[linear('a'), linear('b')], '0 2048 linear {loop0} 0\n2048 1024 linear {loop1} 0', ['a', 'b']],
    [[linear('a', { offset: 37n })], '0 2040 linear {loop0} 0\n2040 7 linear {loop0} 2040'],
    [
      [linear('a', { offset: 37n, size: 512n }), linear('a')],
      '0 1 linear {loop0} 0\n1 2048 linear {loop1} 0',
    ],
    [[linear('a', { offset: 512n, sectorSize: 4096 })], '0 2040 linear {loop0} 0'],
    [[linear('a', { offset: 4096n, sectorSize: 4096 })], '0 2040 linear {loop0} 8'],
    [[{ target: 'zero', size: 4096n }], '0 8 zero', []],
    [[{ target: 'striped', backings: ['a', 'b'] }], '0 2048 striped 2 128 {loop0} 0 {loop1} 0', ['a', 'b']],
    [
      [{ target: 'striped', backings: ['a', { path: 'b', offset: 512n }], chunk: 4096n }],
      '0 2032 striped 2 8 {loop0} 0 {loop1} 1',
    ],
    [[{ target: 'delay', backing: 'a', read: 5 }], '0 2048 delay {loop0} 0 5 {loop0} 0 0'],
    [
      [{ target: 'delay', backing: 'a', read: 5, write: 6, flush: 7 }],
      '0 2048 delay {loop0} 0 5 {loop0} 0 6 {loop0} 0 7',
    ],
    [[{ target: 'flakey', backing: 'a', up: 3, down: 1 }], '0 2048 flakey {loop0} 0 3 1'],
    [
      [
        {
          target: 'flakey',
          backing: 'a',
          up: 3,
          down: 1,
          features: ['drop_writes', { byte: 32, direction: 'r', value: 1 }],
        },
      ],
      '0 2048 flakey {loop0} 0 3 1 6 drop_writes corrupt_bio_byte 32 r 1 0',
    ],
    [[{ target: 'snapshot', base: 'a' }], '0 2048 snapshot {loop0} {loop1} N 8', ['a', undefined]],
    [[{ target: 'snapshot', base: 'a', cow: 'b' }], '0 2048 snapshot {loop0} {loop1} N 8', ['a', 'b']],
    [
      [{ target: 'snapshot', base: 'a', cow: 8192n }],
      '0 2048 snapshot {loop0} {loop1} N 8',
      ['a', undefined],
    ],
    [[{ target: 'crypt', backing: 'a' }], '0 2048 crypt aes-xts-plain64 {key} 0 {loop0} 0'],
    [
      [
        {
          target: 'crypt',
          backing: { path: 'a', offset: 512n },
          cipher: 'aes-cbc-essiv:sha256',
          sectorSize: 4096,
        },
      ],
      '0 2040 crypt aes-cbc-essiv:sha256 {key} 0 {loop0} 1 1 sector_size:4096',
    ],
  ])('%o', (segments, table, files) => {
    // Two loop devices over one file are to be insisted on.
    const planned = plan(segments, { sharedLoop: true });
    expect(planned.table).toBe(table);
    if (files !== undefined) expect(planned.loops.map(({ file }) => file)).toEqual(files);
  });

  test('but not with two loop devices over one file, unless that is insisted on', () => {
    const segments = [linear('a', { offset: 37n, size: 512n }), linear('link')];
    expect(refusal(() => plan(segments))).toMatchObject({
      code: 'loop-file-in-use',
      message:
        'loop file "link": another loop device is to have it, too; the two would overwrite what the other writes',
    });
    const loop = ['a', { path: 'a', readOnly: true }];
    const table = '0 8 linear {loop0} 0\n8 8 linear {loop1} 0';
    expect(refusal(() => planDeviceSync({ table, loop })).message).toMatch(
      /; what one writes, the other would see half or not at all$/,
    );
    expect(plan(segments, { readOnly: true }).loops).toEqual([{ file: 'a' }, { file: 'link' }]);
  });

  test('and what they leave out is told', () => {
    expect(plan([linear('odd')])).toMatchObject({
      table: '0 8 linear {loop0} 0\n8 1 linear {loop0} 8',
      size: 4608n,
      warnings: ['linear "odd": its 5000 bytes are no multiple of 512; the last 392 are left out'],
    });
    expect(plan([{ target: 'striped', backings: ['a', 'b'] }]).warnings).toEqual([
      'striped "a": only its first 524288 bytes are used; another stripe is shorter',
    ]);
  });

  test.each<[segments: Segment[], message: string]>([
    [[linear('missing')], 'linear "missing": cannot find it: ENOENT, no such file or directory'],
    [[linear('.')], 'linear ".": it is a directory, not a file or a block device'],
    [
      [linear('a', { offset: 2n ** 20n })],
      'linear "a": the offset is 1048576 bytes, and there are only 1048576',
    ],
    [[linear('a', { size: 2n ** 21n })], 'linear "a": the size is 2097152 bytes, and there are only 1048576'],
    [[linear('LABEL=')], '"LABEL=": nothing stands after LABEL='],
    [
      [{ target: 'striped', backings: ['a', 'odd'] }],
      'striped "odd": 4608 bytes, less than one chunk of 65536',
    ],
    [
      [{ target: 'crypt', backing: 'tiny', sectorSize: 4096 }],
      'crypt "tiny": 2048 bytes, less than one sector of 4096',
    ],
    [
      [
        { target: 'snapshot', base: 'a', cow: 'odd' },
        { target: 'snapshot', base: 'b', cow: 'odd' },
      ],
      'cow "odd": cow "odd" has the same bytes, and one would write over the other',
    ],
    [
      [linear('b'), { target: 'snapshot', base: 'a', cow: { path: 'b', offset: 4096n } }],
      'cow "b": linear "b" has the same bytes, and one would write over the other',
    ],
    [
      [{ target: 'snapshot', base: 'a', cow: 'b' }, linear('b')],
      'linear "b": cow "b" has the same bytes, and one would write over the other',
    ],
    [
      [linear('a', { partition: '' })],
      'property segments[0].backing.partition is "": it must be a number, a label or a PARTUUID',
    ],
    [
      [{ target: 'snapshot', base: 'a', cow: 'link' }],
      'cow "link": overlay "a" has the same bytes, and one would write over the other',
    ],
  ])('%o cannot', (segments, message) => {
    const open = readdirSync('/proc/self/fd').length;
    expect(refusal(() => plan(segments))).toMatchObject({ kind: 'usage', message });
    expect(readdirSync('/proc/self/fd').length).toBe(open);
  });
});

test('a table with the sizes of its files', () => {
  const table = '0 {sectors0} linear {loop0} 0\n{sectors0} {sectors1} linear {loop1} 0';
  const planned = planDeviceSync({ name: 'n', table, loop: ['a', { path: 'b', size: 512n }] });
  expect(planned).toMatchObject({
    table: '0 2048 linear {loop0} 0\n2048 1 linear {loop1} 0',
    size: 2049n * 512n,
    loops: [{ file: 'a' }, { file: 'b' }],
  });
  expect(refusal(() => planDeviceSync({ table: '8 {sectors0} linear {loop0} 0', loop: ['a'] })).message).toBe(
    'table, line 1: it starts at sector 8; a table must start at 0',
  );
});

describe('the store of an overlay', () => {
  const overlay = (cow: string | Backing, changes = {}): Segment => ({
    target: 'snapshot',
    base: 'a',
    cow,
    ...changes,
  });
  /** As its tool made it, at a place in a sparse file of 32 MiB. */
  const write = (name: string, tool: string, at = 0) => {
    const holds = HEADERS.find(({ by }) => by === tool)?.holds ?? [];
    const fd = openSync(name, 'w');
    for (const [place, hex] of holds) writeSync(fd, Buffer.from(hex, 'hex'), 0, hex.length / 2, at + place);
    ftruncateSync(fd, 33_554_432);
    closeSync(fd);
  };

  test('is taken with a file system on it only by force', () => {
    write('store', 'mkfs.ext4');
    expect(refusal(() => plan([overlay('store')]))).toMatchObject({
      kind: 'taken',
      code: 'backing-has-content',
      message: 'cow "store": it has an ext2, ext3 or ext4 file system',
    });
    expect(plan([overlay('store', { force: true })]).table).toBe('0 2048 snapshot {loop0} {loop1} N 8');
  });

  test('is looked at where it lies: a file system that begins before it, and one in its partition alone', () => {
    write('store', 'mkfs.ext4');
    expect(refusal(() => plan([overlay({ path: 'store', offset: 4_194_304n })])).code).toBe(
      'backing-has-content',
    );
    write('disk', 'sfdisk, MBR with a partition');
    expect(refusal(() => plan([overlay('disk')])).message).toContain('a partition table (MBR)');
    expect(plan([overlay({ path: 'disk', partition: 1 })]).table).toMatch(/^0 2048 snapshot /);
  });
});
