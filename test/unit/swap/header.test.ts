import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { swapHeader } from '../../../src/swap/header.js';
import { scratchFolder } from '../support/scratch.js';

const PAGE = 4096;

/** The first page that util-linux's mkswap writes to a file of zeros. */
function mkswapHeader(bytes: number, words: readonly string[]): Buffer {
  const file = join(scratchFolder(), 'area');
  writeFileSync(file, '', { mode: 0o600 });
  truncateSync(file, bytes);
  execFileSync('mkswap', [...words, file], {
    stdio: 'pipe',
    env: { PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
  });
  const page = Buffer.alloc(PAGE);
  const fd = openSync(file, 'r');
  readSync(fd, page, 0, PAGE, 0);
  closeSync(fd);
  return page;
}

test.each<[bytes: number, label: string, uuid: string]>([
  [10 * PAGE, '', '00000000-0000-0000-0000-000000000001'],
  [11 * PAGE, 'swap', '2c4b8b0e-51a5-4ba2-95a5-0d2d2a3c1f7e'],
  [64 * 2 ** 20, 'exactly15bytes!', 'ffffffff-ffff-ffff-ffff-ffffffffffff'],
  [2 ** 30 + 4095, 'Gerät', '0123abcd-4567-89ef-0123-456789abcdef'],
  [3 * 2 ** 40, '-', '80000000-0000-4000-8000-00000000000f'],
])('of %i bytes, label %j, UUID %s, is the one mkswap writes, byte for byte', (bytes, label, uuid) => {
  const words = ['-U', uuid, ...(label === '' ? [] : ['-L', label])];
  const theirs = mkswapHeader(bytes, words);
  expect(theirs.includes('SWAPSPACE2')).toBe(true);
  const ours = swapHeader({ pages: BigInt(Math.floor(bytes / PAGE)), pageSize: PAGE }, label, uuid);
  expect(ours.toString('hex', 1024, 1100)).toBe(theirs.toString('hex', 1024, 1100));
  expect(ours.equals(theirs)).toBe(true);
});

test('of a machine with larger pages has its signature at the end of one', () => {
  const page = swapHeader({ pages: 10n, pageSize: 65_536 }, '', '00000000-0000-0000-0000-000000000001');
  expect(page.length).toBe(65_536);
  expect(page.indexOf('SWAPSPACE2')).toBe(65_526);
});
