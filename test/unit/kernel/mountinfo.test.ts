import { expect, test } from 'vitest';
import { mountsOf, parseMountinfo } from '../../../src/kernel/mountinfo.js';

test('a line tells of a mount, whatever fields it has before the dash, and what is written like it', () => {
  const text = `22 1 254:0 / / rw,relatime - ext4 /dev/dm-0 rw,errors=remount-ro
23 22 0:33 /a /mnt/a\\040-\\040b rw shared:1 master:2 - tmpfs - ro,size=1k
`;
  expect(parseMountinfo(text)).toEqual([
    {
      id: '22',
      device: '254:0',
      path: '/',
      type: 'ext4',
      source: '/dev/dm-0',
      options: ['rw', 'errors=remount-ro'],
    },
    { id: '23', device: '0:33', path: '/mnt/a - b', type: 'tmpfs', source: '-', options: ['ro', 'size=1k'] },
  ]);
});

test('this process sees the /proc that tells it; one that is gone has no mounts', () => {
  expect(mountsOf('self')).toContainEqual(expect.objectContaining({ path: '/proc', type: 'proc' }));
  expect(mountsOf('999999999')).toEqual([]);
});
