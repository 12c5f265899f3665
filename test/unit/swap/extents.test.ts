import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Kernel } from '../../../src/kernel/kernel.js';
import { allocationOf } from '../../../src/swap/extents.js';
import { scratchFolder } from '../support/scratch.js';

const BLOCK = 4096;
/** More than are asked for at once. */
const BLOCKS = 600;

const directory = scratchFolder();
const path = join(directory, 'file');
const fd = openSync(path, 'w+');
// Every other block, and nothing of the last.
for (let block = 0; block < BLOCKS; block += 2)
  writeSync(fd, Buffer.alloc(BLOCK, 1), 0, BLOCK, block * BLOCK);
ftruncateSync(fd, BLOCKS * BLOCK);

const ask = (start: number, length: number) =>
  allocationOf(new Kernel(), path, fd, { start: BigInt(start), length: BigInt(length) });

afterAll(() => closeSync(fd));

/** tmpfs does not. */
const tells = ask(0, BLOCK) !== undefined;

describe.skipIf(!tells)(`what a file has of its file system, where that tells (${tmpdir()})`, () => {
  test.each<[what: string, start: number, length: number, allocated: number]>([
    ['all of it', 0, BLOCKS * BLOCK, (BLOCKS * BLOCK) / 2],
    ['a block that is there', 2 * BLOCK, BLOCK, BLOCK],
    ['a hole', 3 * BLOCK, BLOCK, 0],
    ['from within a block to within another', 512, 4 * BLOCK, 2 * BLOCK],
    ['a sector', 512, 512, 512],
    ['the hole at the end, and more', (BLOCKS - 1) * BLOCK, 8 * BLOCK, 0],
    ['what is behind it', 2 ** 40, BLOCK, 0],
  ])('of %s', (_what, start, length, allocated) => {
    expect(ask(start, length)).toEqual({ allocated: BigInt(allocated), shared: 0n });
  });
});

test('what has no extents does not tell', () => {
  const none = openSync('/dev/null', 'r+');
  expect(allocationOf(new Kernel(), '/dev/null', none, { start: 0n, length: 512n })).toBeUndefined();
  closeSync(none);
});
