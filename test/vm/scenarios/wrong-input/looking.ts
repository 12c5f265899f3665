import { type Row, UNUSED } from './row.js';

/** Commands that look for a device, and links, where only the kernel or /dev tells that there is none, or not one of that kind. */
export const LOOKING: readonly Row[] = [
  {
    what: 'a device to remove that there is not',
    line: 'dmfd rm nonexistent',
    says: [/^dmfd: device "nonexistent": there is no such device\n {2}hint: "dmfd ls --all"/],
  },
  {
    what: 'a path to remove at which there is nothing',
    line: 'dmfd rm /dev/mapper/nonexistent',
    says: [/^dmfd: device "\/dev\/mapper\/nonexistent": there is no block device at that path\n/],
  },
  {
    what: 'a file to remove',
    line: 'dmfd rm ./disk.img',
    says: [/^dmfd: device "\.\/disk\.img": there is no block device at that path\n/],
  },
  {
    what: 'a loop device to remove',
    line: 'dmfd rm $(findmnt -no SOURCE mounted)',
    says: [/^dmfd: device "\/dev\/loop\d+": it is a block device, but none of device-mapper\n/],
  },
  {
    what: 'a disk sequence number that no device has',
    line: 'dmfd rm --diskseq 18446744073709551615',
    says: [/^dmfd: disk sequence number 18446744073709551615: no device has it\n/],
  },
  {
    what: 'a device to resize that there is not',
    line: 'dmfd resize nonexistent --to-backing',
    says: [/^dmfd: device "nonexistent": there is no such device\n/],
  },
  {
    what: 'a loop device to resize',
    line: 'dmfd resize $(findmnt -no SOURCE mounted) --size 1G',
    says: [/^dmfd: device "\/dev\/loop\d+": it is a block device, but none of device-mapper\n/],
  },
  {
    what: 'a device to make smaller',
    line: 'dmfd resize theirs --size 1',
    says: [/^dmfd: device theirs: /],
  },
  {
    what: 'a device without a backing to make as large as that',
    line: 'dmfd resize theirs --to-backing',
    says: [/^dmfd: device theirs: /],
  },
  {
    what: 'a device to reap that there is not',
    line: 'dmfd reap nonexistent',
    says: [/nonexistent.*: there is no device of that name\n {2}hint: "dmsetup info -c"/],
  },
  {
    what: "somebody else's device to reap",
    line: 'dmfd reap theirs',
    says: [/theirs.*: it is not leaked: it is in use, and its removal is not deferred\n/],
  },
  {
    what: 'a link over something that is there',
    line: `: >/dev/mapper/mine; dmfd create mine --zero 8 --mapper-link ${UNUSED}; code=$?; rm /dev/mapper/mine; exit $code`,
    says: [
      /^dmfd: device mine: there is something called \/dev\/mapper\/mine already\n {2}hint: choose another/,
    ],
  },
  {
    what: 'a link under the name of another device',
    line: `dmfd create theirs --zero 8 --mapper-link ${UNUSED}`,
    says: [/^dmfd: device theirs: /],
  },
  {
    what: 'an error in the second of two layers',
    line: `dmfd create mine --linear disk.img --then --crypt {below} --cipher nonexistent-xts-plain64 ${UNUSED}`,
    says: [/^dmfd: device mine: DM_TABLE_LOAD: /, /kernel: .*crypt: /],
  },
];
