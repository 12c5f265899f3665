import { spawnSync } from 'node:child_process';
import { closeSync, openSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findPartition, parsePartitions } from '../../../src/backing/partition.js';
import { Kernel } from '../../../src/kernel/kernel.js';
import { refusal } from '../support/refusal.js';
import { scratchFolder } from '../support/scratch.js';

const directory = scratchFolder();

/** An image of 64 MiB with the table that fdisk makes of what is typed; descriptors of it are closed. */
function find(typed: string, sectorSize: number, wanted: number | string, told?: number) {
  const image = join(directory, 'image');
  writeFileSync(image, '');
  truncateSync(image, 64 * 2 ** 20);
  const { status, stderr } = spawnSync('/usr/sbin/fdisk', ['-b', String(sectorSize), image], {
    input: `${typed}w\n`,
    encoding: 'utf8',
  });
  expect({ status, stderr }).toMatchObject({ status: 0 });
  const fd = openSync(image, 'r');
  try {
    return findPartition(new Kernel(), 'the image', fd, wanted, told);
  } finally {
    closeSync(fd);
  }
}

const MIB = 2n ** 20n;
const GPT = 'g\nn\n1\n\n+10M\nn\n2\n\n\nx\nn\n2\nsecond, one\nr\n';
const MBR = 'o\nn\np\n1\n\n+10M\nn\ne\n2\n\n\nn\n\n+5M\n';

describe('a partition is found', () => {
  test.each<
    [
      what: string,
      typed: string,
      sectorSize: number,
      wanted: number | string,
      told: number | undefined,
      start: bigint,
      size: bigint,
    ]
  >([
    ['by number in a GPT', GPT, 512, 1, undefined, MIB, 10n * MIB],
    ['by label in a GPT', GPT, 512, 'second, one', undefined, 11n * MIB, 52n * MIB],
    ['in a GPT of sectors of 4096 bytes', GPT, 4096, 1, undefined, MIB, 10n * MIB],
    ['the same, which is told', GPT, 4096, 1, 4096, MIB, 10n * MIB],
    ['in a GPT of sectors of 512 bytes, for a loop device of 4096', GPT, 512, 1, 4096, MIB, 10n * MIB],
    ['in an MBR', MBR, 512, 1, undefined, MIB, 10n * MIB],
    ['logical in an MBR', MBR, 512, 5, undefined, 12n * MIB, 5n * MIB],
    ['logical in an MBR of sectors of 4096 bytes', MBR, 4096, 5, 4096, 12n * MIB, 5n * MIB],
  ])('%s', (_what, typed, sectorSize, wanted, told, start, size) => {
    expect(find(typed, sectorSize, wanted, told)).toMatchObject({ start, size });
  });

  test('by PARTUUID, in either case', () => {
    const { uuid } = find(GPT, 512, 1);
    const fd = openSync(join(directory, 'image'), 'r');
    expect(findPartition(new Kernel(), 'the image', fd, uuid.toUpperCase(), undefined)).toMatchObject({
      number: 1,
    });
    closeSync(fd);
  });
});

test.each<[typed: string, wanted: number | string, message: RegExp, hint?: RegExp]>([
  [GPT, 3, /^the image: it has no partition 3$/, /^it has 1, 2 \("second, one"\)$/],
  [GPT, 'third', /^the image: it has no partition "third"$/],
  [
    `${GPT}x\nn\n1\nsecond, one\nr\n`,
    'second, one',
    /^the image: partitions 1 and 2 are both labelled "second, one"$/,
  ],
])('in what fdisk makes of %j there is no %j', (typed, wanted, message, hint) => {
  const error = refusal(() => find(typed, 512, wanted));
  expect(error).toMatchObject({ kind: 'usage', message: expect.stringMatching(message) });
  if (hint !== undefined) expect(error.hint).toMatch(hint);
});

test('what partx prints is read with all its bytes', () => {
  const line = (name: string) => `NR="1" START="2048" SECTORS="8" NAME="${name}" UUID="u"\n`;
  expect(parsePartitions(line('a \\x22b\\x22')).map(({ label }) => label)).toEqual(['a "b"']);
  expect(parsePartitions(line('\\xc3\\xbc')).map(({ label }) => label)).toEqual(['ü']);
  expect(parsePartitions('')).toEqual([]);
});
