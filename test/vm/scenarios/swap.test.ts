import { afterEach, beforeAll, expect, test } from 'vitest';
import { program } from '../../programs.js';
import { vmFile } from '../harness/checkout.js';
import { atCall } from './at-call.js';
import {
  everything,
  expectedMode,
  expectNothingLeft,
  kernelHas,
  kernelKnows,
  sh,
  thorough,
  vm,
  whole,
} from './support.js';

const FILE = '/tmp/swap.img';
const UUID = '2c4b8b0e-51a5-4ba2-95a5-0d2d2a3c1f7e';
const HEADER = ['Filename', 'Type', 'Size', 'Used', 'Priority'];
/** swapon(2). */
const SWAPON = 167;
/** fallocate(2). */
const FALLOCATE = 285;

const REKEYINGS = 100;

const refuse = program('refuse');
const swapOut = program('swap-out');

beforeAll(async () => {
  // All of it allocated now: pages of this file are to be nobody's but the guest's, whoever swaps.
  await sh(`head -c 64M /dev/zero >${FILE}`);
  // Loads the modules, with the ciphers' self-tests.
  await sh(`dmfd swap ${FILE} && swapoff /dev/dm-0`);
});

afterEach(async () => {
  expect(await sh('cat /proc/swaps; grep dmfd: /proc/keys || true')).toMatch(
    new RegExp(`^${HEADER.join('\\s+')}\n$`),
  );
  await expectNothingLeft();
});

test('a file becomes swap that no process holds, and one swapoff destroys it all', async () => {
  const output = await sh(`
    dmfd swap ${FILE} --name cryptswap; cat /proc/swaps; dmsetup table --showkeys; losetup -nO BACK-FILE,AUTOCLEAR,DIO
    grep -c dmfd: /proc/keys
    ps -eo comm= | grep -c -e node -e dmfd
    swaplabel /dev/dm-0 | grep -c LABEL
    swapoff /dev/dm-0`);
  const lines = output.trim().split('\n');
  expect(lines).toEqual([
    '/dev/dm-0 is encrypted swap, named cryptswap, 64 MiB (67104768 bytes)',
    expect.stringMatching(/^Filename/),
    // The kernel's choice: the first is -2, and in 7.x -1.
    expect.stringMatching(/^\/dev\/dm-0\s+partition\s+65532\s+0\s+-[12]$/),
    // --showkeys as root: the name of a key that is in no keyring any more.
    expect.stringMatching(
      /^cryptswap: 0 131072 crypt aes-xts-plain64 :64:logon:dmfd:DMFD-[-0-9a-f]{36} 0 7:\d+ 0$/,
    ),
    // Past the page cache, where the file system can.
    expect.stringMatching(
      kernelKnows('direct I/O on tmpfs') ? /^\/tmp\/swap\.img +1 +1$/ : /^\/tmp\/swap\.img +1 +0$/,
    ),
    '0',
    '0',
    '0',
  ]);
});

test('every option does what it says', async () => {
  const options = `--cipher aes-cbc-essiv:sha256 --key-size 256 --sector-size 4096 --priority 7 --discard=pages
    --label schwäpp --uuid ${UUID} --offset 1M --size 65536 --no-read-workqueue --no-write-workqueue --name all --json`;
  const output = await sh(`
    dmfd swap --force ${FILE} ${options.replaceAll('\n', ' ')}; tail -n 1 /proc/swaps; dmsetup table; swaplabel /dev/dm-0; swapoff /dev/dm-0
    dmfd swap --force ${FILE} ${options.replaceAll('\n', ' ').replace('--json', '--dry-run')}; dmsetup ls`);
  const [json = '', swaps, table, ...rest] = output.trim().split('\n');
  expect(JSON.parse(json)).toEqual({
    name: 'all',
    uuid: expect.stringMatching(/^DMFD-/),
    path: '/dev/dm-0',
    dev: expect.stringMatching(/^\d+:0$/),
    major: expect.any(Number),
    minor: 0,
    diskseq: expect.any(Number),
    size: 32 * 2 ** 20,
    readonly: false,
    swapSize: 32 * 2 ** 20 - 4096,
    loops: [{ path: expect.stringMatching(/^\/dev\/loop\d+$/), file: FILE }],
    backing: FILE,
    cipher: 'aes-cbc-essiv:sha256',
    keySize: 256,
    key: 'keyring',
    label: 'schwäpp',
    swapUuid: UUID,
    mode: expectedMode,
  });
  expect(swaps).toMatch(/^\/dev\/dm-0\s+partition\s+32764\s+0\s+7$/);
  const tail = '2048 4 allow_discards no_read_workqueue no_write_workqueue sector_size:4096';
  expect(table).toMatch(
    new RegExp(
      `^all: 0 65536 crypt aes-cbc-essiv:sha256 :32:logon:dmfd:DMFD-[-0-9a-f]{36} 0 7:\\d+ ${tail}$`,
    ),
  );
  expect(rest).toEqual([
    'LABEL: schwäpp',
    `UUID:  ${UUID}`,
    `0 65536 crypt aes-cbc-essiv:sha256 {key} 0 {loop0} ${tail}`,
    'No devices found',
  ]);
});

if (whole) {
  test('under memory pressure pages go out encrypted and come back intact', async () => {
    const script = vmFile('scenarios/swap/under-pressure.sh');
    const output = await sh(`${script} ${FILE} ${swapOut} DMFD-IN-MEMORY`);
    expect(output).toBe('used\nwritten\n0\nfilled\nintact\n');
    // The search does find what is there.
    const search = `printf DMFD-IN-MEMORY | dd of=${FILE} bs=1 seek=40000000 conv=notrunc status=none; grep -aFc DMFD-IN-MEMORY ${FILE}`;
    expect(await sh(search)).toBe('1\n');
  });

  thorough('two runs encrypt the same header to different bytes, and neither shows it', async () => {
    const output = await sh(`
    for run in 1 2; do
      dmfd swap ${FILE} --uuid ${UUID} --label same >/dev/null; swapoff /dev/dm-0; sync; head -c 4096 ${FILE} >/tmp/run$run
    done
    cmp /tmp/run1 /tmp/run2 | cut -d, -f1; cat /tmp/run1 /tmp/run2 | grep -acE 'SWAPSPACE2|same' || true
    gzip -9c /tmp/run1 | wc -c`);
    const [differ, found, compressed] = output.trim().split('\n');
    expect(differ).toMatch(/differ: (byte|char) [1-9]\b/);
    expect(found).toBe('0');
    expect(Number(compressed)).toBeGreaterThan(4096);
  });

  test('a failure on the way leaves nothing: swapon, a full file system, an output that cannot be written', async () => {
    const output = await sh(`exec 2>&1
    ${refuse} ${SWAPON} 1 dmfd swap ${FILE}; echo $?
    mkdir -p /tmp/full; mount -t tmpfs -o size=4k none /tmp/full; truncate -s 64M /tmp/full/swap
    dmfd swap /tmp/full/swap; echo $?
    dmfd swap ${FILE} >/dev/full; echo $?; dmfd swap ${FILE} --cipher aes-xts-plain64 --key-size 264; echo $?
    until umount /tmp/full 2>/dev/null; do sleep 0.1; done; rmdir /tmp/full`);
    expect(output.replaceAll(/dmfd-swap-[0-9a-f]{8}/g, 'NAME')).toMatch(
      /^dmfd: swapon \/dev\/dm-0: EPERM, operation not permitted\n.*\n125\ndmfd: backing "\/tmp\/full\/swap": 67108864 bytes of it are holes, .*\n.*\n125\ndmfd: write to standard output: ENOSPC.*\n125\ndmfd: device NAME: DM_TABLE_LOAD: EINVAL(.*\n)*125\n$/,
    );
  });

  thorough('of several that want the same backing one gets it', async () => {
    const output = await sh(`exec 2>&1
    for i in 1 2; do dmfd swap ${FILE} & done; wait; swapoff -a; sleep 0.2
    loop=$(losetup -f --show ${FILE}); for i in 1 2 3; do dmfd swap $loop & done; wait; swapoff -a; sleep 0.2; losetup -d $loop`);
    const lines = output.split('\n').filter((line) => line !== '' && !line.startsWith('  '));
    expect(lines.filter((line) => line.includes('is encrypted swap'))).toHaveLength(2);
    expect(lines.filter((line) => line.startsWith('dmfd: '))).toHaveLength(3);
  });

  test('another device that comes in just before ours is loaded is found, and nothing is written', async () => {
    // All of device-mapper shares one exclusive claim: the kernel lets both of them have it.
    const intruder = atCall('DM_TABLE_LOAD', {
      run: 'DM_DISABLE_UDEV=1 dmsetup create intruder --table "0 8 linear $(losetup -nO NAME) 0"',
    });
    const output = await sh(`exec 2>&1; loop=$(losetup -f --show ${FILE}); cp ${FILE} /tmp/before
    ${intruder} dmfd swap $loop; echo $?; cmp ${FILE} /tmp/before && echo untouched; rm /tmp/before
    DM_DISABLE_UDEV=1 dmsetup remove intruder; losetup -d $loop`);
    expect(output).toMatch(
      /^dmfd: backing "\/dev\/loop\d+": \/dev\/dm-\d+ was put on it meanwhile; nothing was written\n.*\n125\nuntouched\n$/,
    );
  });

  thorough('so is a loop device, which claims nothing', async () => {
    const intruder = atCall('DM_TABLE_LOAD', { run: 'losetup -f --show $(losetup -nO NAME) >/tmp/intruder' });
    const output = await sh(`exec 2>&1; loop=$(losetup -f --show ${FILE}); cp ${FILE} /tmp/before
    ${intruder} dmfd swap $loop; echo $?; cmp ${FILE} /tmp/before && echo untouched; rm /tmp/before
    losetup -d $(cat /tmp/intruder); losetup -d $loop`);
    expect(output).toMatch(
      /^dmfd: backing "\/dev\/loop\d+": \/dev\/loop\d+ was put on it meanwhile; nothing was written\n.*\n125\nuntouched\n$/,
    );
  });

  test('a new device that looks like a file system is no obstacle', async () => {
    // What a fresh key makes of old bytes may look like anything: here it is one, just before the header is written.
    const lookAlike = atCall('BLKGETSIZE64', {
      nth: 2,
      run: 'mkfs.ext4 -qF /dev/dm-0 && blkid -p -o value -s TYPE /dev/dm-0 >/tmp/was-there',
    });
    const output = await sh(`rm -f /tmp/was-there; loop=$(losetup -f --show ${FILE}); mkfs.ext4 -qF $loop
    ${lookAlike} dmfd swap --force $loop
    cat /tmp/was-there; blkid -p -o value -s TYPE /dev/dm-0; swapoff /dev/dm-0; sleep 0.2; losetup -d $loop`);
    expect(output).toMatch(/^\/dev\/dm-0 is encrypted swap, .*\next4\nswap\n$/);
  });

  test('holes are filled, and no others than those of the area', async () => {
    const output = await sh(`
    mkdir -p /tmp/sparse; mount -t tmpfs -o size=64M none /tmp/sparse; truncate -s 32M /tmp/sparse/swap
    dmfd swap --offset 1M --size 8M /tmp/sparse/swap; stat -c %b /tmp/sparse/swap; swapoff /dev/dm-0
    dmfd swap /tmp/sparse/swap; stat -c %b /tmp/sparse/swap; swapoff /dev/dm-0
    until umount /tmp/sparse 2>/dev/null; do sleep 0.1; done; rmdir /tmp/sparse`);
    expect(output.match(/^\d+$/gm)).toEqual([`${(8 << 20) / 512}`, `${(32 << 20) / 512}`]);
  });

  thorough('a file without holes needs nothing allocated, where the file system cannot', async () => {
    const output =
      await sh(`exec 2>&1; cd /tmp; mkdir old; truncate -s 24M old.img; mke2fs -qF -t ext2 old.img; mount -o loop old.img old
    head -c 64M /dev/zero >${FILE}; head -c 4M /dev/zero >old/swap; truncate -s 8M old/swap
    ${refuse} ${FALLOCATE} 95 dmfd swap ${FILE} && swapoff /dev/dm-0
    ${refuse} ${FALLOCATE} 95 dmfd swap --size 4M old/swap && swapoff /dev/dm-0
    ${refuse} ${FALLOCATE} 95 dmfd swap --offset 4M old/swap; echo $?
    until umount old 2>/dev/null; do sleep 0.1; done; rmdir old; rm old.img`);
    expect(output).toMatch(
      /^(\/dev\/dm-0 is encrypted swap, .*\n){2}dmfd: backing "old\/swap": it has holes, and its file system cannot fill them .*\n {2}hint: write it full: .*\n125\n$/,
    );
  });

  thorough('on XFS a file whose blocks are its own again, or where they are, or by force', async () => {
    const output =
      await sh(`exec 2>&1; cd /tmp; mkdir xfs; truncate -s 320M xfs.img; mkfs.xfs -q xfs.img; mount -o loop xfs.img xfs
    head -c 16M /dev/zero >xfs/swap; head -c 8M xfs/swap >xfs/other; sync
    xfs_io -c 'reflink /tmp/xfs/swap 0 0 8M' xfs/other >/dev/null
    dmfd swap xfs/swap && swapoff /dev/dm-0; echo $?
    dmfd swap --offset 8M xfs/swap && swapoff /dev/dm-0
    dmfd swap --force xfs/swap && swapoff /dev/dm-0
    rm xfs/other; for try in 1 2 3 4 5; do dmfd swap xfs/swap 2>/dev/null && break; sleep 0.5; done; swapoff /dev/dm-0
    until umount xfs 2>/dev/null; do sleep 0.1; done; rmdir xfs; rm xfs.img`);
    expect(output).toMatch(
      /^dmfd: backing "xfs\/swap": another file or a snapshot shares 8388608 bytes with it: .*\n {2}hint: make it anew, not as a copy: .*--force\n125\n(\/dev\/dm-0 is encrypted swap, .*\n){3}$/,
    );
  });

  thorough('on a disk of larger blocks a file past the page cache', async () => {
    const output =
      await sh(`cd /tmp; truncate -s 64M disk.img; mkdir large; loop=$(losetup -f --show --sector-size 4096 disk.img)
    mkfs.ext4 -q $loop; mount $loop large; fallocate -l 16M large/swap; chmod 600 large/swap
    for offset in 1M 512B; do
      dmfd swap -q large/swap --offset $offset --size 8M >/dev/null; losetup -nO DIO,LOG-SEC -j large/swap; swapoff /dev/dm-0
    done
    until umount large 2>/dev/null; do sleep 0.1; done; losetup -d $loop; rmdir large; rm disk.img`);
    expect(output).toMatch(/^ *1 +4096\n *0 +512\n$/);
  });

  thorough('of a disk that is named by what is overwritten, and a warning', async () => {
    const { stderr } = await vm.sh(`loop=$(losetup -f --show ${FILE}); mkswap -q -L former $loop
    dmfd swap LABEL=former >/dev/null && swapoff /dev/dm-0; dmfd swap LABEL=former; losetup -d $loop`);
    expect(stderr.split('\n').filter((line) => line.startsWith('dmfd'))).toEqual([
      'dmfd: backing "LABEL=former": what named it so is overwritten now, and it will not be found by that again; PARTLABEL=, PARTUUID= and /dev/disk/by-id last',
      'dmfd: "LABEL=former": no block device has that tag',
    ]);
  });

  thorough('on btrfs a file that is written in place', async () => {
    const output =
      await sh(`exec 2>&1; cd /tmp; mkdir cow; truncate -s 128M cow.img; mkfs.btrfs -q cow.img >/dev/null
    mount -o loop cow.img cow; fallocate -l 16M cow/swap; chmod 600 cow/swap
    dmfd swap cow/swap; echo $?
    dmfd swap --force cow/swap && swapoff /dev/dm-0
    rm cow/swap; touch cow/swap; chattr +C cow/swap; fallocate -l 16M cow/swap; chmod 600 cow/swap
    dmfd swap cow/swap && swapoff /dev/dm-0
    dd if=/dev/urandom of=cow/swap bs=64k count=1 seek=100 conv=notrunc status=none; dmfd swap cow/swap && swapoff /dev/dm-0
    touch cow/copy; chattr +C cow/copy; cp --reflink=always cow/swap cow/copy; dmfd swap cow/swap && swapoff /dev/dm-0; echo $?
    until umount cow 2>/dev/null; do sleep 0.1; done; rmdir cow; rm cow.img`);
    expect(output).toMatch(
      /^dmfd: backing "cow\/swap": btrfs writes it to another place each time.*\n {2}hint: .*chattr \+C.*--force\n125\n(\/dev\/dm-0 is encrypted swap, .*\n){3}dmfd: backing "cow\/swap": another file or a snapshot shares \d+ bytes with it: .*\n.*\n125\n$/,
    );
  });

  test.runIf(everything && kernelHas('BTRFS_FS'))(
    'in an overlay a file that its upper layer writes in place',
    async () => {
      const COPIED = /^dmfd: backing "over\/\w+": btrfs writes it to another place each time/;
      const UNSEEN =
        /^dmfd: backing "over\/swap": it is in an overlay whose upper layer cannot be seen from here/;
      const output =
        await sh(`exec 2>&1; cd /tmp; mkdir cow lower over; truncate -s 128M cow.img; mkfs.btrfs -q cow.img >/dev/null
    mount -o loop cow.img cow; mkdir cow/upper cow/work; (umask 077; head -c 1M /dev/zero >lower/below)
    mount -t overlay -o lowerdir=lower,upperdir=/tmp/cow/upper,workdir=/tmp/cow/work none over
    fallocate -l 16M over/swap; chmod 600 over/swap
    ask() { "$@" 2>&1 | head -n 1; }
    ask dmfd swap over/swap
    ask dmfd swap --dry-run over/swap; ask dmfd swap over/below
    dmfd swap --force over/swap && swapoff /dev/dm-0
    hidden() { unshare -m sh -c "mount -t tmpfs none cow; $1; exec dmfd swap over/swap"; }
    ask hidden true; ask hidden 'mkdir cow/upper'; ask hidden 'mount --bind over cow; mkdir cow/upper'
    rm over/swap; touch over/swap; chattr +C over/swap; fallocate -l 16M over/swap; chmod 600 over/swap
    dmfd swap over/swap && swapoff /dev/dm-0
    hidden true && swapoff /dev/dm-0
    until umount over 2>/dev/null; do sleep 0.1; done; rm -r cow/upper cow/work
    mkdir other; mount -t tmpfs none other; mkdir other/upper other/work
    mount -t overlay -o lowerdir=cow,upperdir=/tmp/other/upper,workdir=/tmp/other/work none over
    fallocate -l 16M over/swap; chmod 600 over/swap
    dmfd swap over/swap && swapoff /dev/dm-0
    for place in over other cow; do until umount $place 2>/dev/null; do sleep 0.1; done; done; rm -r over other lower cow cow.img`);
      const lines = output.trimEnd().split('\n');
      const swap = /^\/dev\/dm-0 is encrypted swap, /;
      for (const says of [COPIED, COPIED, COPIED, swap, UNSEEN, UNSEEN, UNSEEN, swap, swap, swap])
        expect(lines.shift()).toMatch(says);
      expect(lines).toEqual([]);
    },
  );

  thorough('what is overwritten with --force is found no more afterwards, wherever it stood', async () => {
    const raid =
      "printf '\\374N+\\251\\1\\0\\0\\0' | dd conv=notrunc status=none of=/tmp/forced bs=4096 seek=";
    const output = await sh(`exec 2>&1
    fallocate -l 16M /tmp/forced; chmod 666 /tmp/forced
    echo , | sfdisk -q --label gpt /tmp/forced; ${raid}1; ${raid}4094
    dmfd swap --force /tmp/forced; swapoff /dev/dm-0; chmod 600 /tmp/forced
    dmfd swap /tmp/forced; swapoff /dev/dm-0; rm /tmp/forced`);
    expect(output).toMatch(/^(\/dev\/dm-0 is encrypted swap, .*\n){2}$/);
  });

  thorough('a small file system for the label, before the area, stays as it is', async () => {
    const output = await sh(`
    fallocate -l 16M /tmp/labelled; mke2fs -q -L cryptswap -F /tmp/labelled 1M; before=$(head -c 1M /tmp/labelled | sha256sum)
    dmfd swap --offset 1M /tmp/labelled; swapoff /dev/dm-0
    [ "$before" = "$(head -c 1M /tmp/labelled | sha256sum)" ] && e2label /tmp/labelled; rm /tmp/labelled`);
    expect(output).toMatch(/15 MiB .*\ncryptswap\n$/);
  });

  thorough(
    `${REKEYINGS} times with another key it comes up by itself`,
    async () => {
      const output = await sh(
        `for i in $(seq ${REKEYINGS}); do dmfd swap ${FILE} >/dev/null && swapoff /dev/dm-0 || exit; done; echo all`,
        REKEYINGS * 30_000,
      );
      expect(output).toBe('all\n');
    },
    REKEYINGS * 30_000,
  );

  test('on blocks of 4096 bytes it begins where one does', async () => {
    const output = await sh(`loop=$(losetup --sector-size 4096 -f --show ${FILE})
    dmfd swap --offset 2048 $loop; dmsetup table; swapoff /dev/dm-0; sleep 0.2; losetup -d $loop`);
    expect(output).toMatch(/63 MiB .*\n.* 0 129024 crypt .* 2048\n$/);
  });

  thorough('the library does the same', async () => {
    const output = await sh(
      `node ${vmFile('scenarios/library/swap.mjs')} ${FILE}; tail -n 1 /proc/swaps; swapoff /dev/dm-0`,
    );
    expect(output).toMatch(
      /^0 2048 crypt aes-xts-plain64 \{key\} 0 \{loop0\} 0 \/dev\/dm-0 1044480 keyring\n\/dev\/dm-0\s+partition\s+1020\s+0\s+3\n$/,
    );
  });
}
