import { expect, test } from 'vitest';
import { randomHex, randomUuid, scratchName } from '../../../src/kernel/random.js';

test('what is random has its form, and no two are the same', () => {
  for (const [make, form] of [
    [() => randomHex(4), /^[0-9a-f]{8}$/],
    [randomUuid, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/],
    [() => scratchName().toString(), /^dmfd-[0-9a-f]{16}\0$/],
  ] as const) {
    const made = Array.from({ length: 100 }, make);
    for (const one of made) expect(one).toMatch(form);
    expect(new Set(made).size).toBe(made.length);
  }
});

test('a thousand of each size are all different', () => {
  const made = Array.from({ length: 1000 }, () => [randomHex(4), randomHex(8), randomUuid()]).flat();
  // Two of 4 bytes are the same once in some thousand runs; three are not.
  expect(new Set(made).size).toBeGreaterThanOrEqual(made.length - 1);
});
