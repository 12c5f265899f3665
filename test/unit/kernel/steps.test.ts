import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { describeResult, nameStep, SHIM_STEPS, type Step, timed } from '../../../src/kernel/steps.js';
import { evaluateC, SHIM_HEADERS } from '../support/compile.js';

describe('the steps of the shim', () => {
  test('have the numbers of its header, all of them', () => {
    const names = Object.keys(SHIM_STEPS).map((name) => `DMFD_STEP_${name}`);
    const numbers = evaluateC(['"dmfd.h"'], names);
    expect([...numbers.values()].map(Number)).toEqual(Object.values(SHIM_STEPS));
    const header = readFileSync(join(SHIM_HEADERS, 'dmfd.h'), 'utf8');
    expect(header.match(/\bDMFD_STEP_[A-Z_]+/g)).toEqual(names);
  });

  test('have words, each its own', () => {
    const words = Object.values(SHIM_STEPS).map(nameStep);
    expect(new Set(words).size).toBe(words.length);
    expect(words.filter((word) => /^step \d/.test(word))).toEqual([]);
    expect(nameStep(99)).toBe('step 99');
  });
});

test.each([
  [0, 'ok'],
  [7, 'ok'],
  [-16, 'EBUSY'],
  [-95, 'EOPNOTSUPP'],
])('the result %i is told as %s', (result, told) => {
  expect(describeResult(result)).toBe(told);
});

test('what is timed is told, and returns what it returned', () => {
  const steps: Step[] = [];
  expect(
    timed(
      (step) => steps.push(step),
      'try',
      () => -2,
    ),
  ).toBe(-2);
  expect(timed(undefined, 'untold', () => 5)).toBe(5);
  expect(steps).toEqual([{ what: 'try', result: 'ENOENT', nanoseconds: expect.any(Number) }]);
  expect(steps[0]?.nanoseconds).toBeGreaterThan(0);
});
