import { expect, test } from 'vitest';
import { claimsOfLayer } from '../../../src/xen/table-claims.js';

const below = [
  { major: 8, minor: 1 },
  { major: 253, minor: 2 },
  { major: 7, minor: 3 },
];

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
  expect(claimed.map(({ major, minor, write }) => `${write ? 'w' : 'r'}${major}:${minor}`).join(' ')).toBe(
    claims,
  );
});
