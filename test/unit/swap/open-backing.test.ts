import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, closeSync, mkdirSync, openSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { Kernel } from '../../../src/kernel/kernel.js';
import type { Step } from '../../../src/kernel/step.js';
import { openSwapBacking } from '../../../src/swap/open-backing.js';
import { asNobody } from '../support/as-nobody.js';
import { refusal } from '../support/refusal.js';
import { scratchFolder } from '../support/scratch.js';

const directory = scratchFolder();

beforeAll(() => {
  writeFileSync(file('whole'), Buffer.alloc(65_536), { mode: 0o600 });
  writeFileSync(file('read-only'), Buffer.alloc(65_536), { mode: 0o444 });
  mkdirSync(file('directory'));
  expect(spawnSync('mkfifo', [file('fifo')]).status).toBe(0);
});

const file = (name: string) => join(directory, name);
const openDescriptors = () => readdirSync('/proc/self/fd').length;

describe('a file for swap', () => {
  test('is locked while it is open', () => {
    const before = openDescriptors();
    const steps: Step[] = [];
    const backing = openSwapBacking(new Kernel((step) => steps.push(step)), file('whole'), true);
    expect(backing).toMatchObject({ isFile: true, bytes: 65_536n, blockSize: 512 });
    expect(
      steps.map(({ what, result }) => [what, result]).filter(([what]) => !what?.includes('loop')),
    ).toEqual([
      [`flock ${file('whole')}`, 'ok'],
      [`F_OFD_GETLK ${file('whole')}`, 'ok'],
      [`F_SETLEASE ${file('whole')}`, 'ok'],
    ]);
    expect(refusal(() => openSwapBacking(new Kernel(), file('whole'), true))).toMatchObject({
      kind: 'taken',
      code: 'backing-in-use',
      message: `backing ${JSON.stringify(file('whole'))}: another process has it locked`,
      errno: 'EBUSY',
    });
    backing.close();
    expect(openDescriptors()).toBe(before);
    openSwapBacking(new Kernel(), file('whole'), true).close();
  });

  test('may be open nowhere else', async () => {
    const fd = openSync(file('whole'), 'r');
    const child = spawn('sleep', ['100'], { stdio: [fd, 'ignore', 'ignore'] });
    closeSync(fd);
    await once(child, 'spawn');
    expect(refusal(() => openSwapBacking(new Kernel(), file('whole'), true)).message).toMatch(
      /: process \d+ \(\w+\) has it open$/,
    );
    child.kill();
    await once(child, 'close');
  });

  test.each([
    ['group', 0o620, 'its group'],
    ['others', 0o602, 'everybody'],
    ['both', 0o622, 'its group and everybody'],
  ])('may not be writable for %s', (_, mode, who) => {
    writeFileSync(file('writable'), Buffer.alloc(65_536));
    chmodSync(file('writable'), mode);
    const isRoots = process.getuid?.() === 0;
    const error = refusal(() => openSwapBacking(new Kernel(), file('writable'), false));
    expect(error).toMatchObject({ kind: 'usage', code: 'backing-insecure' });
    if (isRoots)
      expect(error.message).toMatch(`: ${who} may write to it, and truncate it while it is in use`);
    openSwapBacking(new Kernel(), file('writable'), true).close();
  });

  test.each([
    ['missing', 'cannot find it: ENOENT, no such file or directory', /fallocate -l 1G FILE; chmod 600 FILE/],
    ['whole/below', 'cannot find it: ENOTDIR, not a directory', /^$/],
    ['directory', 'it is a directory, not a block device or a file', /^$/],
    ['fifo', 'it is a FIFO, not a block device or a file', /^$/],
    ['../../../../dev/null', 'it is a character device, not a block device or a file', /^$/],
  ])('may not be %s', (name, why, hint) => {
    const before = openDescriptors();
    const error = refusal(() => openSwapBacking(new Kernel(), file(name), true));
    expect(error).toMatchObject({
      kind: 'usage',
      code: 'backing-unusable',
      message: `backing ${JSON.stringify(file(name))}: ${why}`,
    });
    expect(error.hint ?? '').toMatch(hint);
    expect(openDescriptors()).toBe(before);
  });

  // Root may write to anything, so it must be somebody else.
  test('that may not be written to is a matter of privilege', () => {
    chmodSync(directory, 0o755);
    expect(
      asNobody(() => refusal(() => openSwapBacking(new Kernel(), file('read-only'), true))),
    ).toMatchObject({
      // Root who is somebody else only for this test is root to the hint.
      kind: process.getuid?.() === 0 ? 'usage' : 'privilege',
      message: `backing ${JSON.stringify(file('read-only'))}: cannot write it: EACCES, permission denied`,
      errno: 'EACCES',
    });
  });
});
