import { type Row, UNUSED } from './row.js';

const table = (line: string) => `dmfd create mine --table "${line}" ${UNUSED}`;
const overDisk = (line: string) => `dmfd create mine --loop disk.img --table '${line}' ${UNUSED}`;

/** What only the kernel knows to be wrong: its own words must come along, from its log. */
export const KERNEL: readonly Row[] = [
  {
    what: 'a target type that it does not have',
    line: table('0 8 nonexistent 1 2 3'),
    says: [
      /^dmfd: device mine: DM_TABLE_LOAD: EINVAL/,
      /\n {2}kernel: device-mapper: table: \d+:\d+: nonexistent: unknown target type/,
      /\n {2}hint: no module dm-.*"dmfd probe" lists/,
    ],
  },
  {
    what: 'a device that does not exist',
    line: table('0 8 linear /dev/nonexistent 0'),
    says: [
      /device mine: DM_TABLE_LOAD: E/,
      /kernel: device-mapper: table: \d+:\d+: linear: Device lookup failed/,
      /hint: there is no block device of that name/,
    ],
  },
  {
    what: 'a file where a device belongs',
    line: table('0 8 linear disk.img 0'),
    says: [/kernel: .*linear: Device lookup failed/, /hint: .*to use a file, give it with --loop FILE/],
  },
  {
    what: 'the same in the second of two targets',
    line: `dmfd create mine --table '0 8 zero' --table '8 8 linear /dev/nonexistent 0' ${UNUSED}`,
    says: [/kernel: .*linear: Device lookup failed/],
  },
  {
    what: 'a device that a mount holds',
    line: table('0 8 linear $(findmnt -no SOURCE mounted) 0'),
    says: [/DM_TABLE_LOAD: EBUSY/, /hint: another user holds that device exclusively: a mount/],
  },
  {
    what: 'a plan with a name that somebody else has',
    line: "dmfd create theirs --table '0 8 zero' --dry-run",
    says: [/device theirs: a device with that name exists/, /hint: choose another name/],
  },
  {
    what: 'a plan with a UUID that somebody else has, of layers',
    line: "dmfd create --uuid THEIR-UUID --table '0 8 zero' --then --table '0 8 linear {below} 0' --dry-run",
    says: [/layer 1: device UUID "THEIR-UUID": a device with it exists/, /hint: choose another --uuid/],
  },
  {
    what: 'a plan with a link that somebody else has',
    line: `ln -s /dev/null /dev/mapper/mine; dmfd create mine --mapper-link --table '0 8 zero' --dry-run; code=$?
      rm /dev/mapper/mine; exit $code`,
    says: [/device mine: there is something called \/dev\/mapper\/mine already/],
  },
  {
    what: 'a plan with a key that cannot be had',
    line: "dmfd create mine --key-file no.key --table '0 8 crypt aes-xts-plain64 {key} 0 /dev/ram0 0' --dry-run",
    says: [/key file "no.key": cannot read it: ENOENT/],
  },
  {
    what: 'a plan over a device that a mount holds',
    line: 'dmfd create mine --linear $(findmnt -no SOURCE mounted) --dry-run',
    says: [
      /linear "\/dev\/loop\d+": it is in use: mount \/tmp\/wrong-input\/mounted/,
      /hint: end that first/,
    ],
  },
  {
    what: 'nothing in a plan over a device that another one is on: device-mapper shares its claim',
    line: `loop=$(losetup -f --show disk.img)
      dmfd create other --linear $loop -- dmfd create mine --linear $loop --dry-run; code=$?; losetup -d $loop; exit $code`,
    code: 0,
    prints: /^0 2048 linear 7:\d+ 0\n$/,
    says: [/^$/],
  },
  {
    what: 'too few arguments',
    line: table('0 8 linear'),
    says: [
      /DM_TABLE_LOAD: EINVAL/,
      /kernel: .*linear: Invalid argument count/,
      /hint: the arguments of the target are wrong/,
    ],
  },
  {
    what: 'an argument that is no number',
    line: overDisk('0 8 linear {loop0} here'),
    says: [/kernel: .*linear: Invalid device sector/, /hint: the arguments of the target are wrong/],
  },
  {
    what: 'more sectors than the device below has',
    line: overDisk('0 4096 linear {loop0} 0'),
    says: [
      /kernel: .*loop\d+ too small for target: start=0, len=4096, dev_size=2048/,
      /hint: .* smaller than/,
    ],
  },
  {
    what: 'chunks that do not fit',
    line: overDisk('0 8 striped 2 8 {loop0} 0 {loop0} 8'),
    says: [/kernel: .*striped: Target length not divisible/],
  },
  {
    what: 'a key of the wrong length',
    line: overDisk('0 8 crypt aes-xts-plain64 00 0 {loop0} 0'),
    says: [/DM_TABLE_LOAD: EINVAL/, /kernel: .*crypt: Error decoding and setting key/],
  },
  {
    what: 'a write to a read-only device',
    line: `dmfd create --readonly --loop disk.img --table '0 8 linear {loop0} 0' -- \\
      sh -c 'echo x >&3 || dd if=/dev/zero of={path} count=1'`,
    code: 1,
    says: [
      /echo: I\/O error/,
      /dd: (failed to open|writing to) '\/dev\/dm-\d+': (Operation not permitted|Permission denied)/,
    ],
  },
];
