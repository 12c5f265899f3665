/** What a tool wrote, as far as its signature goes: bytes in hex at offsets; the rest reads as zeros. */
export interface Header {
  readonly by: string;
  /** Of the whole image. */
  readonly bytes: number;
  /** What it has to be taken for. */
  readonly has: readonly string[];
  readonly holds: readonly (readonly [at: number, hex: string])[];
}

/** Cut out of images that the tools of Debian 12 made; what it has no tool for, by hand, as libblkid takes it. */
export const HEADERS: readonly Header[] = [
  {
    by: 'make-bcache',
    bytes: 16777216,
    has: ['a bcache or bcachefs device'],
    holds: [[4120, 'c68573f64e1a45ca8265f57f48ba6d81']],
  },
  { by: 'mkfs.btrfs', bytes: 134217728, has: ['a Btrfs file system'], holds: [[65600, '5f42485266535f4d']] },
  {
    by: 'mkfs.cramfs',
    bytes: 4096,
    has: ['a cramfs file system'],
    holds: [
      [0, '453dcd28'],
      [16, '436f6d7072657373656420524f4d4653'],
    ],
  },
  {
    by: 'mkfs.erofs',
    bytes: 4096,
    has: ['an EROFS file system'],
    holds: [
      [1024, 'e2e1f5e0'],
      [1036, '0c'],
    ],
  },
  {
    by: 'mkfs.exfat',
    bytes: 16777216,
    has: ['an exFAT file system'],
    holds: [
      [3, '4558464154202020'],
      [510, '55aa'],
    ],
  },
  {
    by: 'mkfs.ext2',
    bytes: 1048576,
    has: ['an ext2, ext3 or ext4 file system'],
    holds: [
      [1028, '00040000'],
      [1080, '53ef'],
      [1100, '01000000'],
      [1120, '02000000'],
    ],
  },
  {
    by: 'mkfs.ext4',
    bytes: 16777216,
    has: ['an ext2, ext3 or ext4 file system'],
    holds: [
      [1028, '00400000'],
      [1080, '53ef'],
      [1100, '01000000'],
      [1120, 'c2020000'],
    ],
  },
  {
    by: 'mkfs.f2fs',
    bytes: 67108864,
    has: ['an F2FS file system'],
    holds: [
      [1024, '1020f5f2'],
      [1032, '09000000'],
      [1040, '0c000000'],
    ],
  },
  {
    by: 'mkfs.fat -F 12',
    bytes: 1048576,
    has: ['a FAT file system'],
    holds: [
      [11, '0002'],
      [13, '04'],
      [16, '02'],
      [21, 'f8'],
      [54, '4641543132202020'],
      [510, '55aa'],
    ],
  },
  {
    by: 'mkfs.fat -F 16',
    bytes: 16777216,
    has: ['a FAT file system'],
    holds: [
      [11, '0002'],
      [13, '04'],
      [16, '02'],
      [21, 'f8'],
      [54, '4641543136202020'],
      [510, '55aa'],
    ],
  },
  {
    by: 'mkfs.fat -F 32',
    bytes: 67108864,
    has: ['a FAT file system'],
    holds: [
      [11, '0002'],
      [13, '01'],
      [16, '02'],
      [21, 'f8'],
      [82, '4641543332202020'],
      [510, '55aa'],
    ],
  },
  {
    by: 'mkfs.gfs2',
    bytes: 536870912,
    has: ['a GFS2 file system'],
    holds: [
      [65536, '01161970'],
      [65540, '00000001'],
    ],
  },
  {
    by: 'sfdisk, GPT with a partition',
    bytes: 16777216,
    has: ['a partition table (GPT)', 'the second copy of a partition table (GPT)'],
    holds: [
      [446, '00000200eeffffff01000000ff7f0000'],
      [510, '55aa'],
      [512, '4546492050415254'],
      [520, '00000100'],
      [524, '5c000000'],
      [536, '0100000000000000'],
      [584, '0200000000000000'],
      [592, '8000000080000000'],
      [
        1024,
        'af3dc60f838472478e793d69d8477de40634e9265af940c78a55dd1b2c9d005f0008000000000000ff77000000000000',
      ],
      [
        16760320,
        'af3dc60f838472478e793d69d8477de40634e9265af940c78a55dd1b2c9d005f0008000000000000ff77000000000000',
      ],
      [16776704, '4546492050415254'],
      [16776712, '00000100'],
      [16776716, '5c000000'],
      [16776728, 'ff7f000000000000'],
      [16776776, 'df7f000000000000'],
      [16776784, '8000000080000000'],
    ],
  },
  {
    by: 'hand (GPT with a partition, in blocks of 4096 bytes)',
    bytes: 16777216,
    has: ['a partition table (GPT)', 'the second copy of a partition table (GPT)'],
    holds: [
      [4096, '4546492050415254'],
      [4104, '00000100'],
      [4108, '5c000000'],
      [4120, '0100000000000000'],
      [4168, '0200000000000000'],
      [4176, '8000000080000000'],
      [
        8192,
        'af3dc60f838472478e793d69d8477de40634e9265af940c78a55dd1b2c9d005f0001000000000000ff07000000000000',
      ],
      [
        16756736,
        'af3dc60f838472478e793d69d8477de40634e9265af940c78a55dd1b2c9d005f0001000000000000ff07000000000000',
      ],
      [16773120, '4546492050415254'],
      [16773128, '00000100'],
      [16773132, '5c000000'],
      [16773144, 'ff0f000000000000'],
      [16773192, 'fb0f000000000000'],
      [16773200, '8000000080000000'],
    ],
  },
  {
    by: 'sfdisk, GPT without partitions',
    bytes: 16777216,
    has: [],
    holds: [
      [446, '00000200eeffffff01000000ff7f0000'],
      [510, '55aa'],
      [512, '4546492050415254'],
      [520, '00000100'],
      [524, '5c000000'],
      [536, '0100000000000000'],
      [584, '0200000000000000'],
      [592, '8000000080000000'],
      [16776704, '4546492050415254'],
      [16776712, '00000100'],
      [16776716, '5c000000'],
      [16776728, 'ff7f000000000000'],
      [16776776, 'df7f000000000000'],
      [16776784, '8000000080000000'],
    ],
  },
  {
    by: 'genisoimage',
    bytes: 358400,
    has: ['an ISO 9660 file system'],
    holds: [
      [32768, '01'],
      [32769, '4344303031'],
      [32774, '01'],
    ],
  },
  {
    by: 'mkfs.jfs',
    bytes: 33554432,
    has: ['a JFS file system'],
    holds: [
      [32768, '4a465331'],
      [32772, '01000000'],
    ],
  },
  {
    by: 'cryptsetup, LUKS1',
    bytes: 16777216,
    has: ['a LUKS header'],
    holds: [
      [0, '4c554b53babe'],
      [6, '0001'],
    ],
  },
  {
    by: 'cryptsetup, LUKS2',
    bytes: 33554432,
    has: ['a LUKS header', 'the second header of LUKS2'],
    holds: [
      [0, '4c554b53babe'],
      [6, '0002'],
      [16384, '534b554cbabe'],
      [16390, '0002'],
    ],
  },
  {
    by: 'sfdisk, MBR with a partition',
    bytes: 16777216,
    has: ['a partition table (MBR)'],
    holds: [
      [446, '00202100832524010008000000400000'],
      [510, '55aa'],
    ],
  },
  { by: 'sfdisk, MBR without partitions', bytes: 16777216, has: [], holds: [[510, '55aa']] },
  {
    by: 'mkfs.nilfs2',
    bytes: 268435456,
    has: ['a NILFS2 file system'],
    holds: [
      [1024, '02000000'],
      [1030, '3434'],
    ],
  },
  {
    by: 'mkfs.ntfs',
    bytes: 16777216,
    has: ['an NTFS file system'],
    holds: [
      [3, '4e54465320202020'],
      [510, '55aa'],
    ],
  },
  { by: 'mkfs.ocfs2', bytes: 536870912, has: ['an OCFS2 file system'], holds: [[4096, '4f4346535632']] },
  {
    by: 'qemu-img',
    bytes: 196616,
    has: ['a virtual disk (qcow2)'],
    holds: [
      [0, '514649fb'],
      [4, '00000003'],
    ],
  },
  { by: 'mkfs.reiserfs', bytes: 67108864, has: ['a ReiserFS file system'], holds: [[65588, '526549734572']] },
  {
    by: 'mksquashfs',
    bytes: 4096,
    has: ['a squashfs file system'],
    holds: [
      [0, '68737173'],
      [28, '0400'],
    ],
  },
  {
    by: 'mkfs.udf',
    bytes: 16777216,
    has: ['a UDF file system'],
    holds: [
      [32769, '4245413031'],
      [32774, '01'],
    ],
  },
  {
    by: 'veritysetup',
    bytes: 16777216,
    has: ['the hashes of a dm-verity device'],
    holds: [
      [0, '7665726974790000'],
      [8, '01000000'],
    ],
  },
  {
    by: 'mkfs.xfs',
    bytes: 335544320,
    has: ['an XFS file system'],
    holds: [
      [0, '58465342'],
      [4, '00001000'],
      [8, '0000000000014000'],
      [102, '0200'],
    ],
  },
  {
    by: 'mkfs.xfs -l logdev=',
    bytes: 67108864,
    has: ['the log of an XFS file system'],
    holds: [
      [0, 'feedbabe'],
      [8, '00000002'],
      [300, '00000001'],
    ],
  },
  { by: 'hand (ReFS)', bytes: 4194304, has: ['a ReFS file system'], holds: [[0, '0000005265465300']] },
  {
    by: 'hand (UFS1)',
    bytes: 4194304,
    has: ['a UFS file system'],
    holds: [
      [8240, '0020000000040000'],
      [9564, '54190100'],
    ],
  },
  {
    by: 'hand (UFS2)',
    bytes: 4194304,
    has: ['a UFS file system'],
    holds: [
      [65584, '0080000000100000'],
      [66908, '19015419'],
    ],
  },
  {
    by: 'hand (Reiser4)',
    bytes: 4194304,
    has: ['a Reiser4 file system'],
    holds: [[65536, '52654973457234']],
  },
  {
    by: 'hand (FAT without its type in words)',
    bytes: 4194304,
    has: ['a FAT file system'],
    holds: [
      [11, '0002'],
      [13, '04'],
      [16, '02'],
      [21, 'f8'],
      [510, '55aa'],
    ],
  },
];
