import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Kernel } from '../../../src/kernel/kernel.js';
import { withLoops } from '../../../src/loop/plan.js';
import { refusal } from '../support/refusal.js';

test('a sparse file that cannot have its size is closed again', () => {
  const open = () => readdirSync('/proc/self/fd').length;
  const before = open();
  for (let i = 0; i < 10; i++)
    expect(() => withLoops(new Kernel(), [{ sparse: 1n << 63n }], false, () => undefined)).toThrow();
  expect(open()).toBe(before);
});

test('a size that Node has no number for is one that the file system does not have', () => {
  for (const sparse of [1n << 53n, (1n << 62n) + 1n])
    expect(refusal(() => withLoops(new Kernel(), [{ sparse }], false, () => undefined))).toMatchObject({
      kind: 'usage',
      code: 'backing-unusable',
      errno: 'EFBIG',
      message: expect.stringMatching(
        new RegExp(`^a sparse file of ${sparse} bytes in .*: EFBIG, file too large$`),
      ),
    });
});
