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
