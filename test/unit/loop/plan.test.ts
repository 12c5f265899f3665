import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Kernel } from '../../../src/kernel/kernel.js';
import { withLoops } from '../../../src/loop/plan.js';

test('a sparse file that cannot have its size is closed again', () => {
  const open = () => readdirSync('/proc/self/fd').length;
  const before = open();
  for (let i = 0; i < 10; i++)
    expect(() => withLoops(new Kernel(), [{ sparse: 1n << 63n }], false, () => undefined)).toThrow();
  expect(open()).toBe(before);
});
