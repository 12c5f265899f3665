import { chmodSync, fstatSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type MiscDevice, openMiscDevice, withMiscDevice } from '../../../src/kernel/misc-device.js';
import { miscMinor } from '../../../src/kernel/modules.js';
import type { Step } from '../../../src/kernel/steps.js';
import { refusal } from '../support/refusal.js';

const NOWHERE: MiscDevice = {
  path: '/nonexistent/control',
  miscName: 'dmfd-nonexistent',
  module: 'dmfd-nonexistent',
  driver: 'the driver of nothing',
};

describe('a control device', () => {
  test('that no kernel has is refused, after its module was tried', () => {
    const steps: Step[] = [];
    const error = refusal(() => openMiscDevice(NOWHERE, (step) => steps.push(step)));
    expect(error).toMatchObject({
      kind: 'unsupported',
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
    const directory = mkdtempSync(join(tmpdir(), 'dmfd-control-'));
    const path = join(directory, 'control');
    writeFileSync(path, '');
    chmodSync(directory, 0o755);
    chmodSync(path, 0o400);
    const root = process.geteuid?.() === 0;
    if (root) process.seteuid?.(65_534);
    try {
      expect(refusal(() => openMiscDevice({ ...NOWHERE, path }))).toMatchObject({
        kind: 'privilege',
        message: `open ${path}: EACCES, permission denied`,
        hint: expect.stringContaining('CAP_SYS_ADMIN'),
      });
    } finally {
      if (root) process.seteuid?.(0);
      rmSync(directory, { recursive: true });
    }
  });

  test('is closed when its user returns, and when that throws', () => {
    const device = { ...NOWHERE, path: '/dev/null' };
    let descriptor = -1;
    expect(withMiscDevice(device, undefined, (fd) => (descriptor = fd))).toBe(descriptor);
    expect(() => fstatSync(descriptor)).toThrow(/EBADF/);
    const boom = new Error('boom');
    const throwing = () =>
      withMiscDevice(device, undefined, (fd) => {
        descriptor = fd;
        throw boom;
      });
    expect(throwing).toThrow(boom);
    expect(() => fstatSync(descriptor)).toThrow(/EBADF/);
  });
});

test('a misc device that is not there has no number', () => {
  expect(miscMinor('dmfd-nonexistent')).toBeUndefined();
});
