import { type Row, UNUSED } from './row.js';

const create = (options: string) => `dmfd create mine ${options} ${UNUSED}`;
/** Over a loop device of its own, $loop, which is gone afterwards. */
const onLoop = (options: string, losetup: string, command: string) =>
  `loop=$(losetup -f --show ${options} ${losetup}); ${command}; code=$?; losetup -d $loop; exit $code`;

/** Presets whose fault only files, devices or the kernel tell of. The words alone are in the unit tests. */
export const PRESETS: readonly Row[] = [
  {
    what: 'a preset over a file that is missing',
    line: create('--linear missing.img'),
    says: [/^dmfd: linear "missing\.img": cannot find it: ENOENT/, /hint: check the name/],
  },
  {
    what: 'a preset over a file on a read-only file system',
    line: create('--linear readonly/other.img'),
    says: [/linear "readonly\/other\.img": cannot write it: EROFS/, /hint: use --readonly .*FILE,ro/],
  },
  {
    what: 'the same file, which is only read',
    line: 'dmfd create mine --linear readonly/other.img,ro -- true',
    code: 0,
    says: [/^$/],
  },
  {
    what: 'a preset over an immutable file',
    line: create('--crypt mounted/immutable.img'),
    says: [/crypt "mounted\/immutable\.img": cannot write it: EPERM/],
  },
  {
    what: 'a preset over an empty file',
    line: create('--linear empty.img'),
    says: [/linear "empty\.img": it is empty\n/, /hint: give it a size first: truncate/],
  },
  {
    what: 'one file with two loop devices',
    line: create('--linear disk.img --linear disk.img,offset=37B'),
    says: [/loop file "disk\.img": \/dev\/loop\d+ has it/, /hint: .*--shared-loop/],
  },
  {
    what: 'the same, allowed',
    line: 'dmfd create mine --shared-loop --linear disk.img --linear disk.img,offset=37B -- true',
    code: 0,
    says: [
      /^dmfd: linear "disk\.img": its 1048539 bytes are no multiple of 512; the last 475 are left out\n$/,
    ],
  },
  {
    what: 'a device that a mount holds',
    line: create('--linear $(findmnt -no SOURCE mounted)'),
    says: [/DM_TABLE_LOAD: EBUSY/, /hint: another user holds that device exclusively: a mount/],
  },
  {
    what: 'a block device that is too short',
    line: onLoop('-r', 'disk.img', create('--linear $loop,ro,size=2M')),
    says: [/linear "\/dev\/loop\d+": the size is 2097152 bytes, and there are only 1048576/],
  },
  {
    what: 'a partition of a disk without any',
    line: onLoop('-r', 'disk.img', create('--linear $loop,ro,partition=1')),
    says: [/linear "\/dev\/loop\d+": no partition table is found in it/, /hint: "fdisk -l"/],
  },
  {
    what: 'a tag that no device has',
    line: create('--linear UUID=00000000-0000-0000-0000-000000000000'),
    says: [/^dmfd: "UUID=0{8}-.*": no block device has that tag\n/, /hint: "blkid" lists them/],
  },
  {
    what: 'direct I/O where the kernel cannot: blocks of 512 bytes over an offset of 37',
    line: create('--linear mounted/other.img,offset=37B,direct-io'),
    says: [/loop file "mounted\/other\.img": LOOP_SET_DIRECT_IO: EINVAL/, /hint: direct I\/O needs/],
    // Later ones round, or read and write past it.
    kernels: /6\.1$/,
  },
  {
    what: 'a cipher that the kernel does not have',
    line: create('--crypt disk.img --cipher nonexistent-xts-plain64'),
    says: [/device mine: DM_TABLE_LOAD: E/, /kernel: device-mapper: table: .*crypt: /],
  },
  {
    what: 'a key of the wrong length',
    line: create('--crypt disk.img --key-random 128'),
    says: [/device mine: DM_TABLE_LOAD: EINVAL/, /kernel: .*crypt: Error decoding and setting key/],
  },
  {
    what: 'a fault that flakey does not know here',
    line: create('--flakey disk.img,up=1,down=1,error-reads'),
    says: [/kernel: .*flakey: /],
    kernels: /6\.1$/,
  },
  {
    what: 'a store for an overlay in a directory that is not there',
    line: `TMPDIR=/nonexistent; export TMPDIR; ${create('--overlay disk.img')}`,
    says: [/a sparse file of 1048576 bytes in \/nonexistent: ENOENT/, /hint: the variable TMPDIR/],
  },
  {
    what: 'an overlay over what is mounted',
    line: create('--overlay $(findmnt -no SOURCE mounted)'),
    says: [/DM_TABLE_LOAD: E/],
  },
  {
    what: 'swap on a partition that is not there',
    line: 'dmfd swap disk.img,partition=2',
    says: [/backing "disk\.img": no partition table is found in it/],
  },
  {
    what: 'swap on a tag that no device has',
    line: 'dmfd swap PARTLABEL=nonexistent',
    says: [/^dmfd: "PARTLABEL=nonexistent": no block device has that tag/],
  },
];
