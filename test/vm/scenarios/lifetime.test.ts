import { afterEach, beforeAll, expect, test } from 'vitest';
import { diskseqIn, expectedMode, expectNothingLeft, image, sh, standing, vm, whole } from './support.js';

const TABLE = "--table '0 131072 linear {loop0} 0'";

beforeAll(async () => {
  await image('disk.img');
});

afterEach(expectNothingLeft);

test('a command writes through its descriptor and through the path, and the bytes are in the image', async () => {
  const script = `dmfd create written --loop /tmp/disk.img ${TABLE} -- sh -c '
    printf through-the-descriptor >&3
    printf through-the-path | dd of={path} bs=512 seek=1 conv=notrunc status=none
    sync {path}
    echo $DMFD_FD $DMFD_PATH $DMFD_NAME $DMFD_DEV $DMFD_SIZE $DMFD_MODE
    echo $DMFD_UUID $DMFD_DISKSEQ
    ${diskseqIn('/sys/dev/block/$DMFD_DEV')}
    cat /sys/dev/block/$DMFD_DEV/dm/uuid /sys/dev/block/$DMFD_DEV/dm/name'`;
  const [first, second, diskseq, uuid, name] = (await sh(script)).split('\n');
  expect(first).toMatch(
    new RegExp(`^3 /dev/dm-(\\d+) written \\d+:\\1 ${64 * 1024 * 1024} ${expectedMode}$`),
  );
  expect(second).toBe(`${uuid} ${diskseq}`);
  expect(uuid).toMatch(/^DMFD-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  expect(name).toBe('written');
  await expectNothingLeft();
  expect(
    await sh(
      'head -c 22 /tmp/disk.img; echo; dd if=/tmp/disk.img bs=512 skip=1 count=1 status=none | head -c 16',
    ),
  ).toBe('through-the-descriptor\nthrough-the-path');
});

test('--wait-gone returns when device and loop device are gone, with the status of the command', async () => {
  const result = await vm.sh(
    `dmfd create waited --loop /tmp/disk.img ${TABLE} --wait-gone -- sh -c 'exit 9'; s=$?
     ls /sys/block | grep dm-; cat /sys/block/loop*/loop/backing_file; exit $s`,
  );
  expect(result.stdout).toBe('');
  expect(result.code).toBe(9);
});

if (whole)
  test('--wait-gone says who still holds it when its time is up', async () => {
    const result = await vm.sh(
      `dmfd create kept --loop /tmp/disk.img ${TABLE} --wait-gone=0.3 -- sh -c 'sleep 30 & echo $! >/tmp/kept.pid; exit 4'; s=$?
     kill $(cat /tmp/kept.pid); exit $s`,
    );
    expect(result.code).toBe(124);
    expect(result.stderr).toMatch(
      /^dmfd: device kept \(\d+:\d+\) is still there, held by process \d+ \(sleep\)\n$/,
    );
  });

test('a second opener keeps the device alive, and its end is the device’s', async () => {
  const opener = `sh -c 'sleep 300 <{path} >/dev/null 2>&1 & echo $!'`;
  const pid = (await sh(`dmfd create opened --loop /tmp/disk.img ${TABLE} -- ${opener}`)).trim();
  expect(await standing()).toBe('dm: opened\nloop: /tmp/disk.img');
  await sh(`kill -9 ${pid}`);
});

test('a device on top of it keeps it alive', async () => {
  await sh(
    `dmfd create below --loop /tmp/disk.img ${TABLE} -- dmsetup create --noudevsync above --table '0 8 linear {dev} 0'`,
  );
  expect(await standing()).toBe('dm: below\ndm: above\nloop: /tmp/disk.img');
  await sh('dmsetup remove --noudevsync above');
});

if (whole)
  test('several targets and several loop devices make one device', async () => {
    await image('second.img', 8);
    const script = `printf '# two files\\n\\n0 8 linear {loop0} 0\\n8 8 linear {loop1} 8\\r\\n16 8 zero\\n' |
    dmfd create joined --loop /tmp/disk.img --loop /tmp/second.img --table-file - -- sh -c '
      dmsetup table joined; printf in-the-second | dd of={path} bs=512 seek=8 conv=notrunc status=none; echo $DMFD_SIZE'`;
    expect(await sh(script)).toMatch(/^0 8 linear 7:\d+ 0\n8 8 linear 7:\d+ 8\n16 8 zero ?\n12288\n$/);
    await expectNothingLeft();
    expect(await sh('dd if=/tmp/second.img bs=512 skip=8 count=1 status=none | head -c 13')).toBe(
      'in-the-second',
    );
  });

if (whole)
  test('--readonly makes device, descriptor and loop device read-only', async () => {
    const script = `chmod 400 /tmp/disk.img; dmfd create safe --readonly --loop /tmp/disk.img ${TABLE} -- sh -c '
    cat /sys/dev/block/$DMFD_DEV/ro /sys/block/loop*/loop/backing_file; grep flags /proc/self/fdinfo/3
    blockdev --getro {path}; losetup -nO RO -j /tmp/disk.img; echo x >&3 || echo refused'`;
    const output = await sh(script);
    expect(output).toMatch(/^1\n\/tmp\/disk.img\nflags:\s+0?100000\n1\n\s*1\nrefused\n$/);
  });
