import { chmodSync, closeSync, fstatSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Kernel } from '../../../src/kernel/kernel.js';
import { type MiscDevice, miscMinor, openMiscDevice } from '../../../src/kernel/misc-device.js';
import type { Step } from '../../../src/kernel/step.js';
import { asNobody } from '../support/as-nobody.js';
import { refusal } from '../support/refusal.js';
import { scratchFolder } from '../support/scratch.js';

const NOWHERE: MiscDevice = {
  path: '/nonexistent/control',
  miscName: 'dmfd-nonexistent',
  module: 'dmfd-nonexistent',
  driver: 'the driver of nothing',
};

describe('a control device', () => {
  test('that no kernel has is refused, after its module was tried', () => {
    const steps: Step[] = [];
    const error = refusal(() => openMiscDevice(new Kernel((step) => steps.push(step)), NOWHERE));
    expect(error).toMatchObject({
      kind: 'unsupported',
      code: 'driver-missing',
      message: expect.stringMatching(
        /^open \/nonexistent\/control: this kernel does not have the driver of nothing \(modprobe: /,
      ),
      hint: expect.stringContaining('"dmfd-nonexistent"'),
    });
    expect(steps.map(({ what }) => what)).toEqual([
      'open /nonexistent/control',
      'modprobe dmfd-nonexistent',
      'open /nonexistent/control',
    ]);
  });

  test('that may not be opened is a matter of privilege', () => {
    const directory = scratchFolder();
    const path = join(directory, 'control');
    writeFileSync(path, '');
    chmodSync(directory, 0o755);
    chmodSync(path, 0o400);
    const error = asNobody(() => refusal(() => openMiscDevice(new Kernel(), { ...NOWHERE, path })));
    expect(error).toMatchObject({
      kind: 'privilege',
      code: 'not-permitted',
      message: `open ${path}: EACCES, permission denied`,
      // Root may open all but what its container withholds.
      hint: expect.stringContaining(process.geteuid?.() === 0 ? 'docker run --device' : 'CAP_SYS_ADMIN'),
    });
  });

  test('that is there is opened, and nothing else is done', () => {
    const steps: Step[] = [];
    const kernel = new Kernel((step) => steps.push(step));
    const fd = openMiscDevice(kernel, { ...NOWHERE, path: '/dev/null' });
    expect(fstatSync(fd).isCharacterDevice()).toBe(true);
    closeSync(fd);
    expect(steps.map(({ what, result }) => [what, result])).toEqual([['open /dev/null', 'ok']]);
  });
});

test('a misc device that is not there has no number', () => {
  expect(miscMinor('dmfd-nonexistent')).toBeUndefined();
});
