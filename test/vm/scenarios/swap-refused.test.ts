import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { program } from '../../programs.js';
import { vmFile } from '../harness/checkout.js';
import { everything, expectNothingLeft, image, sampleOf, sh, vm } from './support.js';
import { attempt } from './wrong-input/row.js';

const FILE = '/tmp/swap.img';
/** The number of fallocate(2). */
const FALLOCATE = 285;

const refuse = program('refuse');

interface Refusal {
  readonly what: string;
  /** Typed in /tmp; `$loop` is a block device over {@link FILE}. Its exit status is dmfd's. */
  readonly line: string;
  /** What is done before dmfd starts, and undone when it has ended. */
  readonly before?: string;
  readonly after?: string;
  /** Nothing is to be written to it; default {@link FILE}. */
  readonly file?: string;
  /** The one line of complaint, with N for the number of a loop device and NAME for a name that dmfd made up. */
  readonly says: string;
  /** dmfd is run, and says it, twice. */
  readonly twice?: true;
  /** Unit tests say the most of it: for `make test-all`. */
  readonly seldom?: true;
}

/** Shell: a file's size, its blocks (holes are filled, or made, too), what is in it where the areas of the rows begin, and at its end. */
const CONTENTS = `contents() {
  sync; stat -c '%s bytes, %b blocks' "$1"; { head -c 12M "$1"; tail -c 1M "$1"; } | cksum
}`;

const ATTACHED: readonly Refusal[] = [
  {
    what: 'a file that a loop device has',
    line: `dmfd swap ${FILE}`,
    says: `backing "${FILE}": /dev/loopN has it`,
  },
  {
    what: 'a device that a loop device has',
    before: 'above=$(losetup -f --show $loop)',
    line: 'dmfd swap $loop',
    after: 'losetup -d $above',
    says: 'backing "/dev/loopN": /dev/loopN has it',
  },
  {
    what: 'a size too small',
    line: 'dmfd swap $loop --size 64',
    says: 'backing "/dev/loopN": 32768 bytes are too few for swap, which needs 10 pages, 40960 bytes',
    seldom: true,
  },
  {
    what: 'an offset at the end',
    line: 'dmfd swap $loop --offset 131072',
    says: 'offset of 131072 sectors: backing "/dev/loopN" has only 131072',
  },
  {
    what: 'a size of no whole sectors',
    line: 'dmfd swap $loop --size 4095B',
    says: '--size 4095B: it is no whole sectors of 512 bytes',
    seldom: true,
  },
  {
    what: 'a sector size that is none',
    line: 'dmfd swap $loop --sector-size 1024',
    says: 'sector size 1024: it must be 512 or 4096',
  },
  {
    what: 'a cipher that is none',
    line: 'dmfd swap $loop --force --cipher no-such-cipher',
    says: 'device NAME: DM_TABLE_LOAD: ENOENT, no such file or directory',
  },
  {
    what: 'a device that is mounted',
    before: 'mount -o ro,noload $loop mnt',
    line: 'dmfd swap $loop',
    after: 'umount mnt',
    says: 'backing "/dev/loopN": it is in use: mount /tmp/mnt',
  },
  {
    what: 'a device below another',
    before: 'export DM_DISABLE_UDEV=1; dmsetup create above --table "0 8 linear $loop 0"',
    line: 'dmfd swap $loop',
    after: 'dmsetup remove above',
    says: 'backing "/dev/loopN": it is in use: device /dev/dm-0',
  },
  {
    what: 'a device that is read-only',
    before: 'blockdev --setro $loop',
    line: 'dmfd swap $loop',
    after: 'blockdev --setrw $loop',
    says: 'backing "/dev/loopN": it is read-only',
  },
];

/** With $disk, a disk of two partitions, the first with a file system, and $above, a loop device over the device that is given. */
const aboveDisk = (below: string, line: string, more: string, end: string) => ({
  before: `truncate -s 24M parts; printf '8M,8M\n,\n' | sfdisk -q --label gpt parts; disk=$(losetup -P -f --show parts)
     mkfs.ext4 -qF "$disk"p1; above=$(losetup -P -f --show ${below}); ${more}`,
  line,
  after: `${end}; losetup -d $above; losetup -d $disk; rm parts`,
  file: 'parts',
});

/** What tools make of the file `content`. */
const CONTENT: readonly { readonly what: string; readonly make: string }[] = [
  { what: 'an ext2, ext3 or ext4 file system', make: 'mkfs.ext4 -qF content' },
  { what: 'an XFS file system', make: 'truncate -s 320M content; mkfs.xfs -q content' },
  {
    what: 'a LUKS header, the second header of LUKS2',
    make: 'echo x | cryptsetup -q luksFormat --pbkdf pbkdf2 --pbkdf-force-iterations 1000 content',
  },
  {
    what: 'a LUKS header',
    make: 'echo x | cryptsetup -q luksFormat --type luks1 --pbkdf-force-iterations 1000 content',
  },
  {
    what: 'a partition table (GPT), the second copy of a partition table (GPT)',
    make: 'echo , | sfdisk --label gpt content',
  },
  { what: 'a partition table (MBR)', make: 'echo , | sfdisk --label dos content' },
  {
    what: 'an LVM physical volume',
    make: 'loop=$(losetup -f --show content); pvcreate -qq $loop; losetup -d $loop; sleep 0.3',
  },
  {
    what: 'a member of a RAID array (md)',
    make: "printf '\\374N+\\251\\1\\0\\0\\0' | dd of=content bs=4096 seek=1 conv=notrunc",
  },
  {
    what: 'a hibernation image',
    make: 'mkswap content; printf S1SUSPEND | dd of=content bs=1 seek=4086 conv=notrunc',
  },
];

const DETACHED: readonly Refusal[] = [
  {
    what: 'a mounted file, attached in another mount namespace',
    before: `mkdir apart; loop=$(unshare -m sh -ec 'mount -t tmpfs none apart; touch apart/swap.img
        mount --bind ${FILE} apart/swap.img; losetup -f --show $PWD/apart/swap.img'); mount -o ro,noload $loop mnt`,
    line: `dmfd swap ${FILE}`,
    after: 'umount mnt; losetup -d $loop; rmdir apart',
    says: `backing "${FILE}": /dev/loopN has it`,
  },
  {
    what: 'a mounted file, attached under a name that was removed',
    before: `ln ${FILE} other.img; loop=$(losetup -f --show other.img); rm other.img; mount -o ro,noload $loop mnt`,
    line: `dmfd swap ${FILE}`,
    after: 'umount mnt; losetup -d $loop',
    says: `backing "${FILE}": /dev/loopN has it`,
  },
  {
    what: 'an offset that is no multiple of 4096, on blocks of 4096 bytes',
    before: `loop=$(losetup --sector-size 4096 -f --show ${FILE})`,
    line: 'dmfd swap --offset 2049 $loop',
    after: 'losetup -d $loop',
    says: 'offset of 2049 sectors: 1049088 bytes are no multiple of 4096, the bytes of a block of backing "/dev/loopN"',
  },
  {
    what: 'the same as a plan',
    before: `loop=$(losetup --sector-size 4096 -f --show ${FILE})`,
    line: 'dmfd swap --dry-run --offset 2049 $loop',
    after: 'losetup -d $loop',
    says: 'offset of 2049 sectors: 1049088 bytes are no multiple of 4096, the bytes of a block of backing "/dev/loopN"',
  },
  {
    what: 'a file too small',
    before: 'truncate -s 40959 small',
    line: 'dmfd swap small',
    after: 'rm small',
    file: 'small',
    says: 'backing "small": 40448 bytes are too few for swap, which needs 10 pages, 40960 bytes',
    seldom: true,
  },
  {
    what: 'a directory',
    line: 'dmfd swap mnt',
    says: 'backing "mnt": it is a directory, not a block device or a file',
  },
  {
    what: 'nothing',
    line: 'dmfd swap none',
    says: 'backing "none": cannot find it: ENOENT, no such file or directory',
    seldom: true,
  },
  {
    what: 'a character device',
    line: 'dmfd swap /dev/null',
    says: 'backing "/dev/null": it is a character device, not a block device or a file',
  },
  {
    what: 'a file that is locked',
    line: `flock ${FILE} dmfd swap ${FILE}`,
    says: `backing "${FILE}": it is locked; process N (flock) has it open`,
  },
  {
    what: 'a file that QEMU has locked',
    // As QEMU locks an image: single bytes, by a lock of the descriptor (F_OFD_SETLK).
    before: `python3 -c 'import fcntl, struct, sys, time
f = open(sys.argv[1], "r+b")
fcntl.fcntl(f, 37, struct.pack("hhqqi4x", fcntl.F_RDLCK, 0, 100, 1, 0))
open("locked", "w")
time.sleep(100)' ${FILE} & locker=$!; until [ -e locked ]; do sleep 0.1; done`,
    line: `dmfd swap ${FILE}`,
    after: 'kill $locker; wait $locker 2>/dev/null; rm locked',
    says: `backing "${FILE}": a part of it is locked; process N (python3) has it open`,
  },
  {
    what: 'a device that QEMU has locked',
    before: `loop=$(losetup -f --show ${FILE}); python3 -c 'import fcntl, struct, sys, time
f = open(sys.argv[1], "r+b")
fcntl.fcntl(f, 37, struct.pack("hhqqi4x", fcntl.F_RDLCK, 0, 100, 1, 0))
open("locked", "w")
time.sleep(100)' $loop & locker=$!; until [ -e locked ]; do sleep 0.1; done`,
    line: 'dmfd swap $loop',
    after: 'kill $locker; wait $locker 2>/dev/null; rm locked; losetup -d $loop',
    says: 'backing "/dev/loopN": a part of it is locked; process N (python3) has it open',
  },
  {
    what: 'a file that somebody has open',
    before: `sleep 100 <${FILE} & opener=$!`,
    line: `dmfd swap ${FILE}`,
    after: 'kill $opener; wait $opener 2>/dev/null',
    says: `backing "${FILE}": process N (sleep) has it open`,
  },
  {
    what: 'a partition whose node in /dev is that of another device',
    before: `truncate -s 24M parts; printf '8M,8M\n,\n' | sfdisk -q --label gpt parts; loop=$(losetup -P -f --show parts)`,
    line: `unshare -m sh -c 'mknod other b 7 200; mount --bind other '$loop'p1; exec dmfd swap '$loop',partition=1'`,
    after: 'losetup -d $loop; rm parts other',
    file: 'parts',
    says: 'partition 1 of backing "/dev/loopN": /dev/loopNp1 is not its node (N:N)',
  },
  {
    what: 'a disk of which a loop device has a partition that is mounted',
    ...aboveDisk('"$disk"p1', 'dmfd swap --force $disk', 'mount -o ro,noload $above mnt', 'umount mnt'),
    says: 'backing "/dev/loopN": /dev/loopN has it',
  },
  {
    what: 'a partition of a disk that is swap by a loop device',
    ...aboveDisk(
      '$disk',
      'dmfd swap "$disk"p2',
      'mkswap -q "$above"p2; swapon "$above"p2',
      'swapoff "$above"p2',
    ),
    says: 'backing "/dev/loopNp2": /dev/loopN has it',
  },
  {
    what: 'a file that somebody has open, seen from a chroot that is no mount',
    before: `sleep 100 <${FILE} & opener=$!; mkdir jail; ln ${FILE} jail/swap.img`,
    line: `unshare -m sh -c 'for name in /*; do
         if [ -L $name ]; then cp -P $name jail; elif [ -d $name ] && [ $name != /tmp ]; then mkdir jail$name; mount --rbind $name jail$name; fi
       done; exec chroot jail dmfd swap /swap.img'`,
    after: 'kill $opener; wait $opener 2>/dev/null; rm -r jail',
    says: 'backing "/swap.img": process N (sleep) has it open',
  },
  {
    what: 'a file that belongs to somebody else',
    before: `chown 65534 ${FILE}`,
    line: `dmfd swap ${FILE}`,
    after: `chown 0 ${FILE}`,
    says: `backing "${FILE}": its owner, uid 65534, may write to it, and truncate it while it is in use`,
  },
  {
    what: 'a file that somebody has open, where nothing may be asked of its owner',
    before: `chown 65534 ${FILE}; sleep 100 <${FILE} & opener=$!`,
    line: `setpriv --bounding-set -lease dmfd swap --force ${FILE}`,
    after: `kill $opener; wait $opener 2>/dev/null; chown 0 ${FILE}`,
    says: `backing "${FILE}": process N (sleep) has it open`,
  },
  {
    what: 'a file that a process serves',
    before: `modprobe fuse; touch served; python3 -SE ${vmFile('scenarios/swap-refused/served-file.py')} served & server=$!
       until mountpoint -q served; do sleep 0.1; done`,
    line: 'dmfd swap served && exit; dmfd swap --dry-run served',
    after: 'umount served; wait $server; rm served',
    says: 'backing "served": it is in a file system of FUSE: what serves it may need memory that is swapped out there',
    twice: true,
  },
  ...['', '--dry-run '].map((option) => ({
    what: `a file whose blocks are to be discarded ${option}`,
    line: `dmfd swap ${option}--discard ${FILE}`,
    says: `backing "${FILE}": discards would make holes in this file, and swapping out fails when its file system is full by then`,
  })),
  {
    what: 'a device that was written to past what others have read of it',
    before: `truncate -s 8M content; loop=$(losetup -f --show content); exec 7<$loop; cat $loop >/dev/null; mkfs.ext4 -qF content`,
    line: 'dmfd swap $loop && exit; dmfd swap --dry-run $loop',
    after: 'exec 7<&-; losetup -d $loop; rm content',
    file: 'content',
    says: 'backing "/dev/loopN": it has an ext2, ext3 or ext4 file system',
    twice: true,
  },
  {
    what: 'a loop device of a file that everybody may write to',
    before: `chmod 666 ${FILE}; loop=$(losetup -f --show ${FILE})`,
    line: 'dmfd swap $loop',
    after: `losetup -d $loop; chmod 600 ${FILE}`,
    says: `backing "${FILE}": its group and everybody may write to it, and truncate it while it is in use`,
  },
  {
    what: 'a partition of a loop device of a file with more holes than there is room for',
    before: `mount -t tmpfs -o size=8M none mnt; truncate -s 64M mnt/holes; printf '1M,60M\\n' | sfdisk -q --label gpt mnt/holes
       loop=$(losetup -P -f --show mnt/holes); head -c 2M /dev/zero >mnt/filling`,
    line: 'dmfd swap "$loop"p1 && exit; dmfd swap --dry-run "$loop"p1',
    after: 'losetup -d $loop; umount mnt',
    file: 'mnt/holes',
    // tmpfs tells only how much the whole file has: ten pages, of the partition table.
    says: 'backing "/tmp/mnt/holes": 62873600 bytes of it are holes, and its file system has only N bytes free',
    twice: true,
  },
  {
    what: 'a file that everybody may write to',
    before: `chmod 666 ${FILE}`,
    line: `dmfd swap ${FILE}`,
    after: `chmod 600 ${FILE}`,
    says: `backing "${FILE}": its group and everybody may write to it, and truncate it while it is in use`,
  },
  ...['', '--dry-run '].map((option) => ({
    what: `a file with more holes than there is room for ${option}`,
    before: 'mount -t tmpfs -o size=8M none mnt; truncate -s 64M mnt/holes',
    line: `dmfd swap ${option}mnt/holes`,
    after: 'umount mnt',
    file: 'mnt/holes',
    says: 'backing "mnt/holes": 67108864 bytes of it are holes, and its file system has only 8388608 bytes free',
  })),
  {
    what: 'a file whose holes are all in the area, with less room than that',
    before: `truncate -s 16M ext4.img; mkfs.ext4 -qF ext4.img; mount -o loop ext4.img mnt
       fallocate -l 6M mnt/half; truncate -s 12M mnt/half; head -c 16M /dev/zero >mnt/filling 2>/dev/null`,
    line: 'dmfd swap --offset 6M --size 4M mnt/half && exit; dmfd swap --offset 6M --size 4M --dry-run mnt/half',
    after: 'umount mnt; rm ext4.img',
    file: 'mnt/half',
    says: 'backing "mnt/half": 4194304 bytes of it are holes, and its file system has only N bytes free',
    twice: true,
  },
  {
    what: 'a file that shares its blocks with another',
    before: `truncate -s 320M xfs.img; mkfs.xfs -q xfs.img; mount -o loop xfs.img mnt
       head -c 8M /dev/zero >mnt/original; cp --reflink=always mnt/original mnt/copy`,
    line: 'dmfd swap mnt/copy && exit; dmfd swap --dry-run mnt/copy',
    after: 'umount mnt; rm xfs.img',
    file: 'mnt/copy',
    says: 'backing "mnt/copy": another file or a snapshot shares 8388608 bytes with it: they are written to another place, for which there may be no room',
    twice: true,
  },
  {
    what: 'a file with holes where the file system cannot allocate',
    before: 'truncate -s 16M holes',
    line: `${refuse} ${FALLOCATE} 95 dmfd swap holes`,
    after: 'rm holes',
    file: 'holes',
    says: 'backing "holes": it has holes, and its file system cannot fill them (operation not supported)',
  },
  {
    what: 'a name that another device has, before any hole is filled',
    before: 'export DM_DISABLE_UDEV=1; truncate -s 16M holes; dmsetup create theirs --table "0 8 zero"',
    line: 'dmfd swap --name theirs holes && exit; dmfd swap --dry-run --name theirs holes',
    after: 'dmsetup remove theirs; rm holes',
    file: 'holes',
    says: 'device theirs: a device with that name exists',
    twice: true,
  },
  {
    what: 'where /dev is without the nodes of device-mapper',
    line: `unshare -m sh -c '
      mount -t tmpfs -o mode=755 none /dev
      mknod /dev/null c 1 3; mknod /dev/urandom c 1 9; mknod /dev/loop-control c 10 237; mkdir /dev/mapper /dev/shm
      mknod /dev/mapper/control c 10 236
      exec dmfd swap --force ${FILE}'`,
    says: 'device NAME: /dev has no node for it (N:N), and swap without one could not be turned off',
  },
  ...sampleOf(CONTENT, 4).map(({ what, make }) => ({
    what: `a file with ${what}`,
    before: `truncate -s 32M content; { ${make}; } >/dev/null 2>&1`,
    line: 'dmfd swap content && exit; dmfd swap --dry-run content',
    after: 'rm content',
    file: 'content',
    says: `backing "content": it has ${what}`,
    twice: true as const,
  })),
  {
    what: 'a device with a file system',
    before: `loop=$(losetup -f --show ${FILE})`,
    line: 'dmfd swap $loop',
    after: 'losetup -d $loop',
    says: 'backing "/dev/loopN": it has an ext2, ext3 or ext4 file system',
  },
  {
    what: 'nothing, in a file system that is read-only',
    before: 'mount -t tmpfs -o ro none mnt',
    line: 'dmfd swap mnt/x',
    after: 'umount mnt',
    says: 'backing "mnt/x": cannot find it: ENOENT, no such file or directory',
  },
  {
    what: 'a file that is swap by dmfd',
    before: `dmfd swap --force ${FILE} >/dev/null`,
    line: `dmfd swap ${FILE}`,
    after: 'swapoff /dev/dm-0',
    says: `backing "${FILE}": /dev/loopN has it`,
  },
  {
    what: 'swap by dmfd',
    before: `dmfd swap --force ${FILE} >/dev/null`,
    line: 'dmfd swap /dev/dm-0',
    after: 'swapoff /dev/dm-0',
    says: 'backing "/dev/dm-0": it is swap already',
  },
  {
    what: 'swap by others',
    before: `loop=$(losetup -f --show ${FILE}); mkswap -q $loop; swapon $loop`,
    line: 'dmfd swap $loop',
    after: 'swapoff $loop; losetup -d $loop',
    says: 'backing "/dev/loopN": it is swap already',
  },
];

let loop = '';

beforeAll(async () => {
  await image('swap.img', 64);
  // Loads the modules. mkfs makes holes, which dmfd may fill before it finds that /dev has no node.
  await sh(
    `fallocate -l 64M ${FILE}; dmfd swap ${FILE} && swapoff /dev/dm-0; mkfs.ext4 -qF ${FILE}; fallocate -l 64M ${FILE}
     mkdir -p /tmp/mnt`,
  );
});

afterAll(async () => {
  await sh(`rmdir /tmp/mnt; rm ${FILE}`);
  await expectNothingLeft();
});

describe('with its loop device attached', () => {
  beforeAll(async () => {
    loop = (await sh(`losetup -f --show ${FILE}`)).trim();
  });
  afterAll(() => sh(`losetup -d ${loop}`));

  test.each(sample(ATTACHED))('$what is refused, and nothing is written to it', refuses);
});

describe('alone', () => {
  test.each(sample(DETACHED))('$what is refused, and nothing is written to it', refuses);
});

function sample(rows: readonly Refusal[]): readonly Refusal[] {
  return sampleOf(rows, 8).filter(({ seldom }) => everything || !seldom);
}

async function refuses({
  before = ':',
  line,
  after = ':',
  file = FILE,
  says,
  twice,
}: Refusal): Promise<void> {
  const script = `${CONTENTS}
    loop=${loop}; ${before}; before=$(contents ${file}); ${line}; code=$?; after=$(contents ${file})
    [ "$after" = "$before" ] || echo "it was $before and is $after"; ${after}; exit $code`;
  const { code, stdout, stderr, left } = await attempt(vm, script, '/tmp');
  const said = stderr
    .split('\n')
    .filter((text) => text.startsWith('dmfd: '))
    .map((text) =>
      text
        .replaceAll(/loop\d+/g, 'loopN')
        .replace(/dmfd-swap-[0-9a-f]{8}/, 'NAME')
        .replaceAll(/process \d+/g, 'process N')
        .replaceAll(/\(\d+:\d+\)/g, '(N:N)')
        // Where the row does not say how many.
        .replace(says.includes('only N bytes') ? /only \d+ bytes/ : /^$/, 'only N bytes'),
    );
  expect({ code, stdout, said, left }).toEqual({
    code: 125,
    stdout: '',
    said: Array(twice ? 2 : 1).fill(`dmfd: ${says}`),
    left: '',
  });
}
