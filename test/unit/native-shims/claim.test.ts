import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cString } from '../../../src/kernel/c-string.js';
import { shim } from '../../../src/kernel/shim.js';
import { scratchFolder } from '../support/scratch.js';

// Any file will do in place of the control device.
const control = join(scratchFolder(), 'control');

test('a claimed UUID is so for other descriptors, until it is given up or its descriptor closed', () => {
  const maker = openSync(control, 'w+');
  const other = openSync(control, 'w+');
  expect(shim.isClaimed(other, cString('a'))).toBe(0);
  expect(shim.claim(maker, cString('a'))).toBe(0);
  expect(shim.isClaimed(other, cString('a'))).toBe(1);
  expect(shim.isClaimed(other, cString('b'))).toBe(0);
  expect(shim.claim(other, cString('a'))).toBe(-constants.errno.EAGAIN);
  expect(shim.claim(other, cString('b'))).toBe(0);
  expect(shim.unclaim(maker, cString('a'))).toBe(0);
  expect(shim.isClaimed(other, cString('a'))).toBe(0);
  expect(shim.claim(maker, cString('a'))).toBe(0);
  closeSync(maker);
  expect(shim.isClaimed(other, cString('a'))).toBe(0);
  closeSync(other);
});

test('it lasts as long as any process has the descriptor, and no longer', async () => {
  const maker = openSync(control, 'w+');
  const other = openSync(control, 'w+');
  shim.claim(maker, cString('a'));
  const child = spawn('sleep', ['1000'], { stdio: ['ignore', 'ignore', 'ignore', maker] });
  await new Promise((resolve) => child.once('spawn', resolve));
  closeSync(maker);
  expect(shim.isClaimed(other, cString('a'))).toBe(1);
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('exit', resolve));
  expect(shim.isClaimed(other, cString('a'))).toBe(0);
  closeSync(other);
});
