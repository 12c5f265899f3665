import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Creation, createShielded, type Mode } from '../../../src/device/creation.js';
import { type CreationStep, stepWords } from '../../../src/device/steps.js';
import { parseTable } from '../../../src/dm/table.js';
import type { DmControl } from '../../../src/kernel/dm-control.js';
import { Kernel } from '../../../src/kernel/kernel.js';
import type { Step } from '../../../src/kernel/step.js';
import { request } from '../support/device.js';

let notDeviceMapper: number;
beforeAll(() => {
  notDeviceMapper = openSync('/dev/null', 'r+');
});
afterAll(() => closeSync(notDeviceMapper));

const control = () => ({ fd: notDeviceMapper }) as DmControl;

function creation(mode: Mode, changes: Partial<Creation> = {}): Creation {
  const { name, uuid, table, readOnly } = request();
  return {
    name,
    uuid,
    table,
    readOnly,
    mode,
    udev: 'quiet',
    key: undefined,
    keyringAllowed: false,
    ...changes,
  };
}

/** The real shim, with something for a control device that refuses every ioctl. */
describe('a creation that cannot begin', () => {
  test.each<[Mode, CreationStep[], number]>([
    // Asked again without the flag, in case it was that.
    ['auto', ['CREATE_WITH_FD', 'CREATE'], -25],
    ['atomic', ['CREATE_WITH_FD'], -95],
    ['fallback', ['CREATE'], -25],
  ])('in mode %s says which step failed, and leaves nothing', (mode, asked, result) => {
    const before = readdirSync('/proc/self/fd').length;
    const steps: Step[] = [];
    const kernel = new Kernel((told) => steps.push(told));
    const outcome = createShielded(kernel, control(), creation(mode));
    expect(outcome).toMatchObject({
      result,
      failedStep: asked.at(-1),
      fd: -1,
      fromKernel: false,
      keyGiven: undefined,
      trace: [
        ...asked.map((step) => ({ step, result: -25 })),
        { step: 'ROLLBACK', result: 0, nanoseconds: expect.any(Number) },
      ],
    });
    expect(steps.map((step) => [step.what, step.result])).toEqual([
      ...asked.map((step) => [stepWords(step), 'ENOTTY']),
      [stepWords('ROLLBACK'), 'ok'],
    ]);
    expect(readdirSync('/proc/self/fd').length).toBe(before);
  });

  test('is the same with a listener that throws, which is told nothing more', () => {
    const boom = new Error('boom');
    let told = 0;
    const kernel = new Kernel(() => {
      told++;
      throw boom;
    });
    expect(createShielded(kernel, control(), creation('auto'))).toMatchObject({ failedStep: 'CREATE' });
    expect(told).toBe(1);
    expect(kernel.thrown).toEqual({ error: boom });
  });

  test('has its key before, and does not need it', () => {
    const table = parseTable([{ label: 'T', text: '0 8 crypt aes-xts-plain64 {key} 0 7:0 0' }]);
    const key = { source: { randomBytes: 64 }, warnings: [], close: () => undefined };
    const steps: string[] = [];
    const kernel = new Kernel(({ what, result }) => steps.push(`${what}: ${result}`));
    const outcome = createShielded(kernel, control(), creation('fallback', { table, key }));
    expect(outcome).toMatchObject({ failedStep: 'CREATE', keyGiven: undefined });
    expect(steps).toEqual([
      `${stepWords('KEY')}: ok`,
      `${stepWords('CREATE')}: ENOTTY`,
      `${stepWords('ROLLBACK')}: ok`,
    ]);
  });

  test('has its signature before, in a keyring of the shield, and none that cannot be a key', async () => {
    const steps: string[] = [];
    const kernel = new Kernel(({ what, result }) => steps.push(`${what}: ${result}`));
    const signature = { name: 'dmfd:test', bytes: Buffer.from('signed') };
    expect(createShielded(kernel, control(), creation('fallback', { signature }))).toMatchObject({
      failedStep: 'CREATE',
    });
    expect(steps).toEqual([
      `${stepWords('SIGNATURE')}: ok`,
      `${stepWords('CREATE')}: ENOTTY`,
      `${stepWords('ROLLBACK')}: ok`,
    ]);
    // The kernel collects it a moment after the shield has ended.
    await expect
      .poll(() => readFileSync('/proc/keys', 'utf8'), { timeout: 10_000 })
      .not.toContain('dmfd:test');
    const large = { name: 'dmfd:test', bytes: Buffer.alloc(40_000) };
    expect(createShielded(new Kernel(), control(), creation('fallback', { signature: large }))).toMatchObject(
      { failedStep: 'SIGNATURE', result: -22 },
    );
  });

  test('without a key fails at that, whatever the control device is', () => {
    const table = parseTable([{ label: 'T', text: '0 8 crypt aes-xts-plain64 {key} 0 7:0 0' }]);
    const fd = openSync('/dev/null', 'r');
    const key = { source: { fd }, warnings: [], close: () => undefined };
    const outcome = createShielded(new Kernel(), control(), creation('auto', { table, key }));
    closeSync(fd);
    expect(outcome).toMatchObject({ failedStep: 'KEY', fd: -1, result: -61 });
  });
});
