import { expect, test } from 'vitest';
import type { Claim } from '../../../src/xen/sharing.js';
import { claimsNamed, claimsOfLayer } from '../../../src/xen/table-claims.js';

const below = [
  { major: 8, minor: 1 },
  { major: 253, minor: 2 },
  { major: 7, minor: 3 },
];

const words = (claims: readonly Claim[]) =>
  claims.map(({ major, minor, write }) => `${write ? 'w' : 'r'}${major}:${minor}`).join(' ');

test.each<[table: string[], readOnly: boolean, claims: string]>([
  [['linear 8:1 0'], false, 'w8:1 w253:2 w7:3'],
  [['linear 8:1 0', 'zero'], true, 'r8:1 r253:2 r7:3'],
  [['striped 3 8 8:1 0 253:2 0 7:3 0'], false, 'w8:1 w253:2 w7:3'],
  [['snapshot 8:1 253:2 P 16', 'linear 7:3 0'], false, 'r8:1 w253:2 w7:3'],
  [['snapshot 8:1 253:2 P 16', 'linear 7:3 0'], true, 'r8:1 w253:2 r7:3'],
  [['clone 8:1 253:2 7:3 8 0'], false, 'w8:1 w253:2 r7:3'],
  [['clone 8:1 253:2 7:3 8 0'], true, 'w8:1 w253:2 r7:3'],
  // What one line reads, another writes to.
  [['snapshot 8:1 253:2 N 16', 'linear 8:1 8'], false, 'w8:1 w253:2 w7:3'],
  [['snapshot 8:1 253:2 N 16', 'snapshot 7:3 8:1 N 16'], false, 'w8:1 w253:2 r7:3'],
  [['snapshot-merge 8:1 253:2 P 16'], false, 'w8:1 w253:2 w7:3'],
  [['thin 253:2 0'], false, ''],
  [['thin 253:2 0', 'thin 253:2 1 8:1'], false, ''],
  [['thin 253:2 0', 'linear 8:1 0'], false, 'w8:1 w253:2 w7:3'],
  [['thin-pool 8:1 253:2 128 0'], false, 'w8:1 w253:2 w7:3'],
])('a table of %j (read-only: %s) claims %j', (table, readOnly, claims) => {
  const lines = table.map((line) => {
    const [type = '', ...words] = line.split(' ');
    return { type, text: words.join(' ') };
  });
  const claimed = claimsOfLayer(lines, below, readOnly);
  expect(words(claimed)).toBe(claims);
});

test.each<[layers: string[], readOnly: boolean, claims: string]>([
  [['0 8 linear 8:1 0\n# 0 8 linear 8:2 0\n\n8 8 linear 8:3 0'], false, 'w8:1 w8:3'],
  [['0 8 linear 8:1 0\r\n8 8 zero\r\n'], true, 'r8:1'],
  [['volume: 0 8 linear 8:1 0'], false, 'w8:1'],
  [[' \t0\t8   snapshot  8:1\t 8:2  P 8'], false, 'r8:1 w8:2'],
  // The layer below is no device that anybody else could have, and an argument all the same.
  [['0 8 linear 8:1 0', '0 {below:sectors} snapshot {below} 8:2 P 8'], true, 'w8:1 w8:2'],
  [['0 8 snapshot 8:1 8:2 P 8', '0 8 linear {below} 0'], false, 'r8:1 w8:2'],
  [['0 8 thin 253:1 0'], false, ''],
  [['junk', '0 8', ''], false, ''],
])('of the layers %j (read-only: %s), what they name is claimed: %j', (layers, readOnly, claims) => {
  const named = layers.map((text) => ({ table: [{ label: '/t', text }] }));
  expect(words(claimsNamed(named, { readOnly, shared: false }))).toBe(claims);
});
