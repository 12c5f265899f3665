import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectNothingLeft, image, sh, vm } from './support.js';
import { attempt } from './wrong-input/row.js';

const FILE = '/tmp/swap.img';

interface Refusal {
  readonly what: string;
  /** Typed in /tmp; `$loop` is a block device over the file. Its exit status is dmfd's. */
  readonly line: string;
  /** The one line of complaint, with N for the number of a loop device and NAME for a name that dmfd made up. */
  readonly says: string;
  /** What the line does beside dmfd writes to the file. */
  readonly changes?: true;
}

/** With something done before dmfd starts, and undone when it has ended. */
const between = (before: string, line: string, after: string) =>
  `${before}; ${line}; code=$?; ${after}; exit $code`;

const ATTACHED: readonly Refusal[] = [
  {
    what: 'a file that a loop device has',
    line: `dmfd swap ${FILE}`,
    says: `backing "${FILE}": /dev/loopN has it`,
  },
  {
    what: 'a device that a loop device has',
    line: between('above=$(losetup -f --show $loop)', 'dmfd swap $loop', 'losetup -d $above'),
    says: 'backing "/dev/loopN": /dev/loopN has it',
  },
  {
    what: 'a size too small',
    line: 'dmfd swap $loop --size 64',
    says: 'backing "/dev/loopN": 32768 bytes are too few for swap, which needs 10 pages, 40960 bytes',
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
  },
  {
    what: 'a sector size that is none',
    line: 'dmfd swap $loop --sector-size 1024',
    says: 'sector size 1024: it must be 512 or 4096',
  },
  {
    what: 'a cipher that is none',
    line: 'dmfd swap $loop --cipher no-such-cipher',
    says: 'device NAME: DM_TABLE_LOAD: ENOENT, no such file or directory',
  },
  {
    what: 'a device that is mounted',
    line: between('mount -o ro,noload $loop mnt', 'dmfd swap $loop', 'umount mnt'),
    says: 'backing "/dev/loopN": it is in use: mount /tmp/mnt',
  },
  {
    what: 'a device below another',
    line: between(
      'export DM_DISABLE_UDEV=1; dmsetup create above --table "0 8 linear $loop 0"',
      'dmfd swap $loop',
      'dmsetup remove above',
    ),
    says: 'backing "/dev/loopN": it is in use: device /dev/dm-0',
  },
  {
    what: 'a device that is read-only',
    line: between('blockdev --setro $loop', 'dmfd swap $loop', 'blockdev --setrw $loop'),
    says: 'backing "/dev/loopN": it is read-only',
  },
];

const DETACHED: readonly Refusal[] = [
  {
    what: 'a mounted file, attached in another mount namespace',
    line: between(
      `mkdir apart; loop=$(unshare -m sh -ec 'mount -t tmpfs none apart; touch apart/swap.img
        mount --bind ${FILE} apart/swap.img; losetup -f --show $PWD/apart/swap.img'); mount -o ro,noload $loop mnt`,
      `dmfd swap ${FILE}`,
      'umount mnt; losetup -d $loop; rmdir apart',
    ),
    says: `backing "${FILE}": /dev/loopN has it`,
  },
  {
    what: 'a mounted file, attached under a name that was removed',
    line: between(
      `ln ${FILE} other.img; loop=$(losetup -f --show other.img); rm other.img; mount -o ro,noload $loop mnt`,
      `dmfd swap ${FILE}`,
      'umount mnt; losetup -d $loop',
    ),
    says: `backing "${FILE}": /dev/loopN has it`,
  },
  {
    what: 'an offset that is no multiple of 4096, on blocks of 4096 bytes',
    line: between(
      `loop=$(losetup --sector-size 4096 -f --show ${FILE})`,
      'dmfd swap --offset 2049 $loop',
      'losetup -d $loop',
    ),
    says: 'offset of 2049 sectors: 1049088 bytes are no multiple of 4096, the bytes of a block of backing "/dev/loopN"',
  },
  {
    what: 'the same as a plan',
    line: between(
      `loop=$(losetup --sector-size 4096 -f --show ${FILE})`,
      'dmfd swap --dry-run --offset 2049 $loop',
      'losetup -d $loop',
    ),
    says: 'offset of 2049 sectors: 1049088 bytes are no multiple of 4096, the bytes of a block of backing "/dev/loopN"',
  },
  {
    what: 'a file too small',
    line: between('truncate -s 40959 small', 'dmfd swap small', 'rm small'),
    says: 'backing "small": 40448 bytes are too few for swap, which needs 10 pages, 40960 bytes',
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
  },
  {
    what: 'a character device',
    line: 'dmfd swap /dev/null',
    says: 'backing "/dev/null": it is a character device, not a block device or a file',
  },
  {
    what: 'a file that is locked',
    line: `flock ${FILE} dmfd swap ${FILE}`,
    says: `backing "${FILE}": another process has it locked`,
  },
  {
    what: 'nothing, in a file system that is read-only',
    line: between('mount -t tmpfs -o ro none mnt', 'dmfd swap mnt/x', 'umount mnt'),
    says: 'backing "mnt/x": cannot find it: ENOENT, no such file or directory',
  },
  {
    what: 'a file that is swap by dmfd',
    line: between(`dmfd swap ${FILE} >/dev/null`, `dmfd swap ${FILE}`, 'swapoff /dev/dm-0'),
    says: `backing "${FILE}": /dev/loopN has it`,
    changes: true,
  },
  {
    what: 'swap by dmfd',
    line: between(`dmfd swap ${FILE} >/dev/null`, 'dmfd swap /dev/dm-0', 'swapoff /dev/dm-0'),
    says: 'backing "/dev/dm-0": it is swap already',
    changes: true,
  },
  {
    what: 'swap by others',
    line: between(
      `loop=$(losetup -f --show ${FILE}); mkswap -q $loop; swapon $loop`,
      'dmfd swap $loop',
      'swapoff $loop; losetup -d $loop',
    ),
    says: 'backing "/dev/loopN": it is swap already',
    changes: true,
  },
];

let loop = '';

beforeAll(async () => {
  await image('swap.img', 64);
  // Loads the modules.
  await sh(`dmfd swap ${FILE} && swapoff /dev/dm-0; mkfs.ext4 -qF ${FILE}; mkdir -p /tmp/mnt`);
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

  test.each(ATTACHED)('$what is refused, and nothing is written to it', refuses);
});

describe('alone', () => {
  test.each(DETACHED)('$what is refused, and nothing is written to it', refuses);
});

async function refuses({ line, says, changes }: Refusal): Promise<void> {
  const before = await header();
  const { code, stdout, stderr, left } = await attempt(vm, `loop=${loop}; ${line}`, '/tmp');
  const said = stderr
    .split('\n')
    .filter((text) => text.startsWith('dmfd: '))
    .map((text) => text.replaceAll(/loop\d+/g, 'loopN').replace(/dmfd-swap-[0-9a-f]{8}/, 'NAME'));
  expect({ code, stdout, said, left }).toEqual({ code: 125, stdout: '', said: [`dmfd: ${says}`], left: '' });
  if (!changes) expect(await header()).toBe(before);
}

/** Where the header of a swap would be written, and more. */
function header(): Promise<string> {
  return sh(`sync; head -c 1M ${FILE} | sha256sum`);
}
