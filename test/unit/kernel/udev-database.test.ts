import { expect, test } from 'vitest';
import { parseUdevEntry } from '../../../src/kernel/udev-database.js';

test('an entry as udevd writes it', () => {
  const { initialized, links, properties } = parseUdevEntry(
    'S:mapper/a\\x20b\nS:disk/by-id/dm-name-a\\x20b\nI:18446744073709551\nL:-100\n' +
      'E:DM_UDEV_PRIMARY_SOURCE_FLAG=1\nE:ID_FS_LABEL_ENC=a=b\nE:EMPTY=\nG:systemd\nQ:systemd\nV:1\n',
  );
  expect(initialized).toBe(18446744073709551n);
  expect(links).toEqual(['/dev/mapper/a\\x20b', '/dev/disk/by-id/dm-name-a\\x20b']);
  expect([...properties]).toEqual([
    ['DM_UDEV_PRIMARY_SOURCE_FLAG', '1'],
    ['ID_FS_LABEL_ENC', 'a=b'],
    ['EMPTY', ''],
  ]);
});

test.each(['', 'V:1\n', 'I:\n', 'I:soon\nE:\n'])('of %j nothing follows', (text) => {
  const { initialized, links } = parseUdevEntry(text);
  expect(initialized).toBe(0n);
  expect(links).toEqual([]);
});
