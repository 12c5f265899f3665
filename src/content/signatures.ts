import { gptPartitions, mbrPartitions } from './partitions.js';
import { number, powersOfTwo, type Range, type Read, type Signature, text } from './signature.js';

const KIB = 1024;

const BOOT_SECTOR = text(510, '\x55\xaa');
const PAGES = [4096, 8192, 16_384, 65_536];

/** Bytes that a file system takes, from where it begins, by a superblock `offset` bytes into it. */
const takes =
  (offset: number, length: number, size: (superblock: Buffer) => bigint) =>
  (read: Read, place: bigint): readonly Range[] => {
    const superblock = read(place, length);
    const start = place - BigInt(offset);
    return superblock === undefined ? [] : [[start, start + size(superblock)]];
  };

const extBytes = (superblock: Buffer): bigint => {
  const is64Bit = (superblock.readUInt32LE(96) & 0x80) !== 0;
  const blocks =
    BigInt(superblock.readUInt32LE(4)) + (is64Bit ? BigInt(superblock.readUInt32LE(336)) << 32n : 0n);
  return blocks << BigInt(10 + superblock.readUInt32LE(24));
};

const xfsBytes = (superblock: Buffer): bigint =>
  superblock.readBigUInt64BE(8) * BigInt(superblock.readUInt32BE(4));

/**
 * What swap would destroy, by what stands in it. A former encrypted swap is random bytes, and must never be taken for one of
 * these: {@link chance} of each, and of all together, is less than 2^-32. So magic numbers of 16 or 32 bits, which are all that
 * libblkid asks of some, do not do alone. Swap itself is no loss, and is not here.
 */
export const SIGNATURES: readonly Signature[] = [
  {
    what: 'a hibernation image',
    places: PAGES.map((page) => page - 10),
    checks: [text(0, 'S1SUSPEND', 'S2SUSPEND', 'ULSUSPEND', 'LINHIB000')],
  },

  // What has other things in it.
  {
    what: 'a partition table (GPT)',
    places: [512],
    checks: [text(0, 'EFI PART'), number(8, 'u32le', [0x10000]), number(12, 'u32le', { from: 92, to: 512 })],
    takes: gptPartitions(512),
  },
  {
    what: 'a partition table (GPT)',
    places: [4096],
    checks: [text(0, 'EFI PART'), number(8, 'u32le', [0x10000]), number(12, 'u32le', { from: 92, to: 4096 })],
    takes: gptPartitions(4096),
  },
  {
    what: 'the second copy of a partition table (GPT)',
    places: [{ before: 512, align: 512 }],
    checks: [text(0, 'EFI PART'), number(8, 'u32le', [0x10000]), number(12, 'u32le', { from: 92, to: 512 })],
    takes: gptPartitions(512),
  },
  {
    what: 'the second copy of a partition table (GPT)',
    places: [{ before: 4096, align: 4096 }],
    checks: [text(0, 'EFI PART'), number(8, 'u32le', [0x10000]), number(12, 'u32le', { from: 92, to: 4096 })],
    takes: gptPartitions(4096),
  },
  {
    what: 'a partition table (MBR)',
    places: [0],
    checks: [BOOT_SECTOR, ...[446, 462, 478, 494].map((at) => number(at, 'u8', [0, 0x80]))],
    takes: mbrPartitions,
  },
  {
    what: 'a BSD disk label',
    places: [512],
    checks: [number(0, 'u32le', [0x82564557]), number(132, 'u32le', [0x82564557])],
  },
  {
    what: 'an LVM physical volume',
    places: [0, 512, 1024, 1536],
    checks: [text(0, 'LABELONE'), text(24, 'LVM2 001')],
  },
  {
    what: 'a member of a RAID array (md)',
    places: [0, 4096, { before: 8192, align: 4096 }],
    checks: [number(0, 'u32le', [0xa92b4efc]), number(4, 'u32le', [1])],
  },
  {
    what: 'a member of a RAID array (md 0.90)',
    places: [{ before: 64 * KIB, align: 64 * KIB }],
    checks: [
      number(0, 'u32le', [0xa92b4efc]),
      number(4, 'u32le', [0]),
      number(8, 'u32le', { from: 90, to: 91 }),
    ],
  },
  {
    what: 'a member of a RAID array (Intel Matrix)',
    places: [{ before: 1024, align: 512 }],
    checks: [text(0, 'Intel Raid ISM Cfg Sig. ')],
  },
  {
    what: 'a member of a RAID array (DDF)',
    places: [{ before: 512, align: 512 }],
    checks: [number(0, 'u32be', [0xde11de11]), text(34, '.'), text(37, '.')],
  },
  {
    what: 'a Stratis pool',
    places: [512],
    checks: [text(4, '!Stra0tis\x86\xff\x02^\x41rh')],
  },
  {
    what: 'a bcache or bcachefs device',
    places: [4096],
    checks: [
      text(
        24,
        '\xc6\x85\x73\xf6\x4e\x1a\x45\xca\x82\x65\xf5\x7f\x48\xba\x6d\x81',
        '\xc6\x85\x73\xf6\x66\xce\x90\xa9\xd9\x6a\x60\xcf\x80\x3d\xf7\xef',
      ),
    ],
  },
  { what: 'a Ceph object store', places: [0], checks: [text(0, 'bluestore block device')] },
  { what: 'an Oracle ASM disk', places: [0], checks: [text(32, 'ORCLDISK')] },
  { what: 'a VDO volume', places: [0], checks: [text(0, 'dmvdo001')] },
  {
    what: 'a dm-integrity device',
    places: [0],
    checks: [text(0, 'integrt\0')],
  },
  {
    what: 'the hashes of a dm-verity device',
    places: [0],
    checks: [text(0, 'verity\0\0'), number(8, 'u32le', [1])],
  },
  {
    what: 'the store of a snapshot (dm-snapshot)',
    places: [0],
    checks: [text(0, 'SnAp'), number(4, 'u32le', { from: 0, to: 1 }), number(8, 'u32le', [1])],
  },
  {
    what: 'a virtual disk (qcow2)',
    places: [0],
    checks: [text(0, 'QFI\xfb'), number(4, 'u32be', { from: 2, to: 3 })],
  },

  // Encryption.
  {
    what: 'a LUKS header',
    places: [0],
    checks: [text(0, 'LUKS\xba\xbe'), number(6, 'u16be', { from: 1, to: 2 })],
  },
  {
    what: 'the second header of LUKS2',
    places: [16 * KIB, 32 * KIB, 64 * KIB, 128 * KIB],
    checks: [text(0, 'SKUL\xba\xbe'), number(6, 'u16be', [2])],
  },
  { what: 'a BitLocker volume', places: [0], checks: [text(3, '-FVE-FS-')] },

  // File systems.
  {
    what: 'an ext2, ext3 or ext4 file system',
    places: [KIB],
    checks: [
      number(56, 'u16le', [0xef53]),
      number(24, 'u32le', { from: 0, to: 6 }),
      number(72, 'u32le', { from: 0, to: 4 }),
      number(76, 'u32le', { from: 0, to: 1 }),
    ],
    takes: takes(KIB, 512, extBytes),
  },
  {
    what: 'an XFS file system',
    places: [0],
    checks: [
      text(0, 'XFSB'),
      number(4, 'u32be', powersOfTwo(512, 64 * KIB)),
      number(102, 'u16be', powersOfTwo(512, 32 * KIB)),
    ],
    takes: takes(0, 512, xfsBytes),
  },
  {
    // Metadata of a file system that is on another device.
    what: 'the log of an XFS file system',
    places: [0],
    checks: [
      number(0, 'u32be', [0xfeedbabe]),
      number(8, 'u32be', { from: 1, to: 2 }),
      number(300, 'u32be', { from: 1, to: 3 }),
    ],
  },
  { what: 'a Btrfs file system', places: [64 * KIB], checks: [text(64, '_BHRfS_M')] },
  {
    what: 'an F2FS file system',
    places: [KIB],
    checks: [
      number(0, 'u32le', [0xf2f52010]),
      number(8, 'u32le', { from: 9, to: 12 }),
      number(16, 'u32le', { from: 12, to: 16 }),
    ],
  },
  {
    what: 'a member of a ZFS pool',
    // The list of names and values in the first label; its first name is "version".
    places: [16 * KIB],
    checks: [text(2, '\0\0\0\0\0\0\0\0\0\x01'), text(20, '\0\0\0\x07version\0')],
  },
  { what: 'a ReiserFS file system', places: [8 * KIB, 64 * KIB], checks: [text(52, 'ReIsEr')] },
  { what: 'a Reiser4 file system', places: [64 * KIB], checks: [text(0, 'ReIsEr4')] },
  {
    what: 'a JFS file system',
    places: [32 * KIB],
    checks: [text(0, 'JFS1'), number(4, 'u32le', { from: 1, to: 2 })],
  },
  {
    what: 'a NILFS2 file system',
    places: [KIB],
    checks: [number(0, 'u32le', [2]), number(4, 'u16le', [0]), number(6, 'u16le', [0x3434])],
  },
  {
    what: 'a GFS2 file system',
    places: [64 * KIB],
    checks: [number(0, 'u32be', [0x01161970]), number(4, 'u32be', [1])],
  },
  { what: 'an OCFS2 file system', places: [1024, 2048, 4096, 8192], checks: [text(0, 'OCFSV2')] },
  { what: 'an NTFS file system', places: [0], checks: [text(3, 'NTFS    '), BOOT_SECTOR] },
  { what: 'an exFAT file system', places: [0], checks: [text(3, 'EXFAT   '), BOOT_SECTOR] },
  {
    // By what its drivers need: its type in words is missing from some.
    what: 'a FAT file system',
    places: [0],
    checks: [
      BOOT_SECTOR,
      number(11, 'u16le', powersOfTwo(512, 4096)),
      number(13, 'u8', powersOfTwo(1, 128)),
      number(16, 'u8', [1, 2]),
      number(21, 'u8', [0xf0, 0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd, 0xfe, 0xff]),
    ],
  },
  { what: 'a ReFS file system', places: [0], checks: [text(0, '\0\0\0ReFS\0')] },
  {
    what: 'a UFS file system',
    places: [8 * KIB, 64 * KIB],
    checks: [
      number(48, 'u32le', powersOfTwo(4096, 64 * KIB)),
      number(52, 'u32le', powersOfTwo(512, 64 * KIB)),
      number(1372, 'u32le', [0x00011954, 0x19540119]),
    ],
  },
  {
    what: 'an HFS+ file system',
    places: [KIB],
    checks: [
      text(0, 'H+', 'HX'),
      number(2, 'u16be', { from: 4, to: 5 }),
      number(40, 'u32be', powersOfTwo(512, 64 * KIB)),
    ],
  },
  {
    what: 'an APFS container',
    places: [0],
    checks: [text(32, 'NXSB'), number(36, 'u32le', powersOfTwo(4096, 64 * KIB))],
  },
  {
    what: 'an ISO 9660 file system',
    places: [32 * KIB],
    checks: [number(0, 'u8', { from: 0, to: 3 }), text(1, 'CD001'), number(6, 'u8', [1])],
  },
  {
    what: 'a UDF file system',
    places: [32 * KIB],
    checks: [number(0, 'u8', [0]), text(1, 'BEA01'), number(6, 'u8', [1])],
  },
  {
    what: 'a squashfs file system',
    places: [0],
    checks: [text(0, 'hsqs'), number(28, 'u16le', [4]), number(30, 'u16le', [0])],
  },
  {
    what: 'an EROFS file system',
    places: [KIB],
    checks: [number(0, 'u32le', [0xe0f5e1e2]), number(12, 'u8', { from: 9, to: 16 })],
  },
  {
    what: 'a cramfs file system',
    places: [0],
    checks: [number(0, 'u32le', [0x28cd3d45]), text(16, 'Compressed ROMFS')],
  },
];
