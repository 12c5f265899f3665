import { beforeAll, expect, test } from 'vitest';
import { expectNothingLeft, image, sh } from './support.js';

const FILE = '/tmp/swap.img';

beforeAll(async () => {
  await image('swap.img', 64);
  await sh(`dmfd swap ${FILE} && swapoff /dev/dm-0`);
});

test('what is in use, or can be no swap, is refused, and nothing is written to it', async () => {
  const output = await sh(`exec 2>&1
    sum() { sha256sum ${FILE}; }; mkfs.ext4 -qF ${FILE}; before=$(sum)
    loop=$(losetup -f --show ${FILE}); cd /tmp
    dmfd swap ${FILE}; dmfd swap $loop --size 64; dmfd swap $loop --offset 131072; dmfd swap $loop --size 4095B
    dmfd swap $loop --sector-size 1024; dmfd swap $loop --cipher no-such-cipher
    mkdir -p mnt; mount $loop mnt; dmfd swap $loop; umount mnt
    DM_DISABLE_UDEV=1 dmsetup create above --table "0 8 linear $loop 0"; dmfd swap $loop; DM_DISABLE_UDEV=1 dmsetup remove above
    blockdev --setro $loop; dmfd swap $loop; blockdev --setrw $loop; losetup -d $loop
    truncate -s 40959 small; dmfd swap small; dmfd swap mnt; dmfd swap none; dmfd swap /dev/null
    flock ${FILE} dmfd swap ${FILE}; mount -t tmpfs -o ro none mnt; dmfd swap mnt/x; umount mnt; rmdir mnt
    dmfd swap ${FILE} >/dev/null; dmfd swap ${FILE}; dmfd swap /dev/dm-0; swapoff /dev/dm-0
    sleep 0.2; mkfs.ext4 -qF ${FILE}; loop=$(losetup -f --show ${FILE}); mkswap -q $loop; swapon $loop; dmfd swap $loop; swapoff $loop
    losetup -d $loop`);
  const said = output
    .split('\n')
    .filter((line) => line.startsWith('dmfd: '))
    .map((line) => line.replaceAll(/loop\d+/g, 'loopN').replace(/dmfd-swap-[0-9a-f]{8}/, 'NAME'));
  expect(said).toEqual([
    'dmfd: BACKING "/tmp/swap.img": /dev/loopN has it',
    'dmfd: BACKING "/dev/loopN": 32768 bytes are too few for swap, which needs 10 pages, 40960 bytes',
    'dmfd: offset of 131072 sectors: BACKING "/dev/loopN" has only 131072',
    'dmfd: --size 4095B: it is no whole sectors of 512 bytes',
    'dmfd: sector size 1024: it must be 512 or 4096',
    'dmfd: device NAME: DM_TABLE_LOAD: ENOENT, no such file or directory',
    'dmfd: BACKING "/dev/loopN": it is in use: mount /tmp/mnt',
    'dmfd: BACKING "/dev/loopN": it is in use: device /dev/dm-0',
    'dmfd: BACKING "/dev/loopN": it is read-only',
    'dmfd: BACKING "small": 40448 bytes are too few for swap, which needs 10 pages, 40960 bytes',
    'dmfd: BACKING "mnt": it is a directory, not a block device or a file',
    'dmfd: BACKING "none": cannot find it: ENOENT, no such file or directory',
    'dmfd: BACKING "/dev/null": it is a character device, not a block device or a file',
    'dmfd: BACKING "/tmp/swap.img": another process has it locked',
    'dmfd: BACKING "mnt/x": cannot find it: ENOENT, no such file or directory',
    'dmfd: BACKING "/tmp/swap.img": /dev/loopN has it',
    'dmfd: BACKING "/dev/dm-0": it is swap already',
    'dmfd: BACKING "/dev/loopN": it is swap already',
  ]);
  await expectNothingLeft();
});
