import { closeSync, openSync, statfsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseMountinfo } from '../../../src/kernel/mountinfo.js';
import { typeOf, upperDirectory, writtenSystem } from '../../../src/kernel/overlay.js';

const MOUNTS = `22 1 0:20 / / rw,relatime - overlay root rw,lowerdir=/overlay/host,upperdir=/overlay/upper,workdir=/overlay/work
221 22 0:33 / /mnt/a\\040-\\040b rw shared:1 - overlay a\\040b rw,lowerdir=/upperdir=/x,upperdir=/an\\040upper\\054\\075layer,workdir=/w,uuid=null
222 22 0:34 / /mnt/read rw - overlay none ro,lowerdir=/one:/two
223 22 0:35 / /mnt/relative rw - overlay none rw,lowerdir=lower,upperdir=upper,workdir=work
2 22 7:0 / /mnt/disk rw - ext4 /dev/loop0 rw
`;

describe('where the upper layer of an overlay was', () => {
  test.each([
    ['of the root', '22', '/overlay/upper'],
    ['with characters that are written otherwise', '221', '/an upper,=layer'],
    ['without one', '222', undefined],
    ['from a directory that nobody knows', '223', undefined],
    ['of what is no overlay', '2', undefined],
    ['of a mount that is not there', '3', undefined],
    ['of no mount', '', undefined],
  ])('%s', (_, mount, directory) => {
    expect(upperDirectory(parseMountinfo(MOUNTS), mount)).toBe(directory);
  });
});

test('beside overlays, a file is written to the file system that it is in', () => {
  const fd = openSync('/proc/self/status', 'r');
  try {
    const system = writtenSystem(fd);
    // PROC_SUPER_MAGIC of linux/magic.h
    expect(system && typeOf(system)).toBe(0x9fa0n);
    expect(typeOf({ ...statfsSync('/proc', { bigint: true }), type: -0x6edc97c2n })).toBe(0x9123683en);
  } finally {
    closeSync(fd);
  }
});
