import { afterAll, beforeAll, expect, test } from 'vitest';
import { bootedVm } from '../../harness/index.js';

const vm = await bootedVm();
const name = 'harness-udev';

beforeAll(async () => {
  expect(await vm.sh('modprobe -a dm-mod loop && truncate -s 1M /tmp/udev.img')).toMatchObject({ code: 0 });
  await vm.startUdev();
});

afterAll(async () => {
  await vm.sh(`dmsetup remove ${name}; losetup -D; rm -f /tmp/udev.img`);
  await vm.stopUdev();
});

test('udevd makes the links of a device-mapper device and takes them away', async () => {
  const made = await vm.sh(`
    set -e
    loop=$(losetup --find --show /tmp/udev.img)
    echo "0 2048 linear $loop 0" | timeout 20 dmsetup create ${name} --uuid TEST-${name}
    readlink /dev/mapper/${name} /dev/disk/by-id/dm-name-${name} /dev/disk/by-id/dm-uuid-TEST-${name}
    dmsetup info -c --noheadings -o blkdevname ${name}
    udevadm info --query=property --property=DM_UDEV_RULES_VSN --value --name=/dev/mapper/${name}`);
  expect(made.stderr).toBe('');
  const [mapper, byName, byUuid, node, rules] = made.stdout.trim().split('\n');
  expect(mapper).toBe(`../${node}`);
  expect(byName).toBe(`../../${node}`);
  expect(byUuid).toBe(`../../${node}`);
  expect(rules).toBe('2');

  const gone = await vm.sh(`timeout 20 dmsetup remove ${name} && find /dev -name '*${name}*'`);
  expect(gone).toMatchObject({ code: 0, stdout: '', stderr: '' });
});
