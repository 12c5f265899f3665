import { expect, test } from 'vitest';
import { claimsOfLayer } from '../../../src/xen/table-claims.js';

const below = [
  { major: 8, minor: 1 },
  { major: 253, minor: 2 },
];

test.each<[targets: string[], readOnly: boolean, claims: string]>([
  [['linear'], false, 'w8:1 w253:2'],
  [['linear', 'zero'], true, 'r8:1 r253:2'],
  // Which of the two is written to, nobody tells.
  [['snapshot'], false, 'r8:1 r253:2'],
  [['linear', 'clone'], false, 'r8:1 r253:2'],
  [['snapshot-merge'], false, 'w8:1 w253:2'],
  [['thin'], false, ''],
  [['thin', 'thin'], false, ''],
  [['thin', 'linear'], false, 'w8:1 w253:2'],
  [['thin-pool'], false, 'w8:1 w253:2'],
])('a table of %j (read-only: %s) claims %j', (targets, readOnly, claims) => {
  const claimed = claimsOfLayer(targets, below, readOnly);
  expect(claimed.map(({ major, minor, write }) => `${write ? 'w' : 'r'}${major}:${minor}`).join(' ')).toBe(
    claims,
  );
});
