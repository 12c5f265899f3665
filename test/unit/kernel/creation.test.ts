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
  test.each<[Mode, number]>([
    ['auto', SHIM_STEPS.CREATE_WITH_FD],
    ['atomic', SHIM_STEPS.CREATE_WITH_FD],
    ['fallback', SHIM_STEPS.CREATE],
  ])('in mode %s says which step failed, and leaves nothing', (mode, step) => {
    const before = readdirSync('/proc/self/fd').length;
    const steps: Step[] = [];
    const outcome = createShielded(notDeviceMapper, mode, false, requests, (told) => steps.push(told));
    expect(outcome).toMatchObject({ result: -25, failedStep: step, fd: -1, fromKernel: false });
    expect(steps.map(({ what, result }) => [what, result])).toEqual([
      [nameStep(step), 'ENOTTY'],
      [nameStep(SHIM_STEPS.ROLLBACK), 'ok'],
    ]);
    expect(readdirSync('/proc/self/fd').length).toBe(before);
  });
});
