import { closeSync, openSync, readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeCreation } from '../../../src/dm/creation.js';
import { parseDeviceName, parseDeviceUuid } from '../../../src/dm/names.js';
import { parseTable } from '../../../src/dm/table.js';
import { createShielded, type Mode } from '../../../src/kernel/creation.js';
import { nameStep, SHIM_STEPS, type Step } from '../../../src/kernel/steps.js';

const requests = encodeCreation(
  parseDeviceName('mine'),
  parseDeviceUuid('DMFD-1'),
  parseTable([{ label: 'T', text: '0 8 zero' }]),
  false,
);

let notDeviceMapper: number;
beforeAll(() => {
  notDeviceMapper = openSync('/dev/null', 'r+');
});
afterAll(() => closeSync(notDeviceMapper));

/** The real shim, with something for a control device that refuses every ioctl. */
describe('a creation that cannot begin', () => {
  test.each<[Mode, number[], number]>([
    // Asked again without the flag, in case it was that.
    ['auto', [SHIM_STEPS.CREATE_WITH_FD, SHIM_STEPS.CREATE], -25],
    ['atomic', [SHIM_STEPS.CREATE_WITH_FD], -95],
    ['fallback', [SHIM_STEPS.CREATE], -25],
  ])('in mode %s says which step failed, and leaves nothing', (mode, asked, result) => {
    const before = readdirSync('/proc/self/fd').length;
    const steps: Step[] = [];
    const outcome = createShielded(notDeviceMapper, mode, false, requests, (told) => steps.push(told));
    expect(outcome).toMatchObject({ result, failedStep: asked.at(-1), fd: -1, fromKernel: false });
    expect(steps.map((step) => [step.what, step.result])).toEqual([
      ...asked.map((step) => [nameStep(step), 'ENOTTY']),
      [nameStep(SHIM_STEPS.ROLLBACK), 'ok'],
    ]);
    expect(readdirSync('/proc/self/fd').length).toBe(before);
  });
});
