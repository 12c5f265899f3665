import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CREATION_STEPS, stepWords } from '../../../src/device/steps.js';
import { checkout } from '../../vm/harness/checkout.js';

describe('the steps of a creation', () => {
  test("are those of the shim's header, all of them", () => {
    const header = readFileSync(join(checkout, 'native-shims/dmfd.h'), 'utf8');
    const names = CREATION_STEPS.map((name) => `DMFD_STEP_${name}`);
    expect(header.match(/\bDMFD_STEP_[A-Z_]+/g)).toEqual(names);
  });

  test('have words, each its own', () => {
    const words = CREATION_STEPS.map(stepWords);
    expect(new Set(words).size).toBe(words.length);
    expect(words.filter((word) => word === '')).toEqual([]);
  });
});
