import { expect, test } from 'vitest';
import { tableLayers } from '../../../src/xen/table-layers.js';

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
