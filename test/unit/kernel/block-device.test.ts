import { closeSync, openSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  diskseqInSys,
  isBlockNode,
  isBlockNodeAt,
  readBlockDevice,
  readDiskseq,
  sizeInSys,
} from '../../../src/kernel/block-device.js';
import { Kernel } from '../../../src/kernel/kernel.js';
import type { Step } from '../../../src/kernel/step.js';
import { refusal } from '../support/refusal.js';

const NOWHERE = { major: 4095, minor: 1_048_575 };

describe('what is no block device', () => {
  test('does not answer', () => {
    const steps: Step[] = [];
    const fd = openSync('/dev/null', 'r');
    const error = refusal(() => readBlockDevice(new Kernel((step) => steps.push(step)), fd));
    closeSync(fd);
    expect(error).toMatchObject({
      code: 'kernel-refused',
      message: expect.stringMatching(/^BLKGETSIZE64: ENOTTY, /),
      operation: 'BLKGETSIZE64',
    });
    expect(steps.map(({ what, result }) => [what, result])).toEqual([['BLKGETSIZE64', 'ENOTTY']]);
  });

  test('has no sequence number', () => {
    const steps: Step[] = [];
    const fd = openSync('/dev/null', 'r');
    expect(readDiskseq(new Kernel((step) => steps.push(step)), fd)).toBe(0n);
    closeSync(fd);
    expect(steps.map(({ what, result }) => [what, result])).toEqual([['BLKGETDISKSEQ', 'ENOTTY']]);
  });

  test('is no node of any number', () => {
    const { dev, rdev } = statSync('/dev/null', { bigint: true });
    expect({ dev: typeof dev, rdev }).toEqual({ dev: 'bigint', rdev: 0x103n });
    expect(isBlockNode(statSync('/dev/null', { bigint: true }), { major: 1, minor: 3 })).toBe(false);
    expect(isBlockNodeAt('/dev/null', { major: 1, minor: 3 })).toBe(false);
    expect(isBlockNode(undefined, NOWHERE)).toBe(false);
    expect(isBlockNodeAt('/nonexistent', NOWHERE)).toBe(false);
    expect(isBlockNodeAt('a\0b', NOWHERE)).toBe(false);
  });

  test('is unknown to /sys', () => {
    expect(diskseqInSys(NOWHERE)).toBeUndefined();
    expect(sizeInSys(NOWHERE)).toBeUndefined();
  });
});

/** A node in /dev of a disk that this process may read, as /sys names it. */
function findDisk(): { path: string; major: number; minor: number } | undefined {
  for (const name of readdirSync('/sys/block')) {
    const [major = 0, minor = 0] = readFileSync(`/sys/block/${name}/dev`, 'ascii').split(':').map(Number);
    const path = `/dev/${name}`;
    try {
      closeSync(openSync(path, 'r'));
      return { path, major, minor };
    } catch {}
  }
  return undefined;
}

const disk = findDisk();

describe.skipIf(disk === undefined)('a block device', () => {
  const { path, major, minor } = disk ?? { path: '', ...NOWHERE };

  test('is its own node, and no other', () => {
    expect(isBlockNodeAt(path, { major, minor })).toBe(true);
    expect(isBlockNodeAt(path, { major, minor: minor + 1 })).toBe(false);
    expect(isBlockNodeAt(path, { major: major + 1, minor })).toBe(false);
  });

  test('says what /sys says', () => {
    const kernel = new Kernel();
    const fd = openSync(path, 'r');
    const { bytes, blockSize, readOnly } = readBlockDevice(kernel, fd);
    const diskseq = readDiskseq(kernel, fd);
    closeSync(fd);
    const attribute = (name: string) =>
      readFileSync(`/sys/dev/block/${major}:${minor}/${name}`, 'ascii').trim();
    expect(bytes).toBe((sizeInSys({ major, minor }) ?? -1n) * 512n);
    expect(String(blockSize)).toBe(attribute('queue/logical_block_size'));
    expect(readOnly).toBe(attribute('ro') === '1');
    expect(diskseq).toBe(diskseqInSys({ major, minor }) ?? 0n);
  });
});
