import { execFileSync } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tableLayers, withNumbers } from '../../../src/xen/table-layers.js';
import { scratchFolder } from '../support/scratch.js';

const texts = (text: string) => tableLayers({ label: '/t', text }).map(({ table }) => table[0]?.text);

test('a table file without layers is one as it is', () => {
  expect(tableLayers({ label: '/t', text: '# a\n0 8 zero\n' })).toEqual([
    { table: [{ label: '/t', text: '# a\n0 8 zero\n' }] },
  ]);
});

test('layers are parted by a line then, and keep the numbers of their lines', () => {
  expect(texts('0 8 zero\nthen\n0 8 linear {below} 0\n \tthen \r\n0 8 linear {below} 0')).toEqual([
    '0 8 zero',
    '\n\n0 8 linear {below} 0',
    '\n\n\n\n0 8 linear {below} 0',
  ]);
  expect(texts('0 8 zero # then\n')).toEqual(['0 8 zero # then\n']);
});

test.runIf(process.getuid?.() === 0)('a word that leads to a block device is its number', () => {
  const folder = scratchFolder();
  execFileSync('mknod', [join(folder, 'a b'), 'b', '4095', '7']);
  symlinkSync('a b', join(folder, 'link'));
  const numbered = (text: string) => withNumbers({ label: '/t', text: text.replaceAll('DIR', folder) }).text;
  expect(numbered('# DIR/link\r\n0 8 linear DIR/link 0\n8 {below:sectors} linear {below} 0')).toBe(
    '# 4095:7\r\n0 8 linear 4095:7 0\n8 {below:sectors} linear {below} 0',
  );
  // As the kernel reads them: a backslash quotes.
  expect(numbered(String.raw`0 8 snapshot DIR/a\ b DIR/l\ink P 8`)).toBe('0 8 snapshot 4095:7 4095:7 P 8');
  expect(numbered(String.raw`0 8 linear 08\:1 0`)).toBe('0 8 linear 8:1 0');
  const others = `0 8 crypt aes-xts-plain64 :32:logon:a/b 0 ${folder} 0\n8 8 linear /dev/null 0 \\`;
  expect(numbered(others)).toBe(others);
});
