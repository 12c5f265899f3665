import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { vmFile } from '../harness/checkout.js';
import { consoleBlocks, runConsole } from './recipes/console.js';
import { type Claims, type Look, runRecipe } from './recipes/run.js';
import { recipeText, recipeTexts } from './recipes/text.js';
import { everything, thorough } from './support.js';

const tested: string[] = [];

/** Runs the recipe that stands in docs/recipes.md under this heading; in `make test`, every fourth one. */
function recipe(heading: string, claims: Claims): void {
  const isLeft = tested.push(heading) % 4 !== 1;
  (isLeft ? thorough : test)(heading, () => runRecipe(recipeText(heading), claims));
}

/** Processes with dmfd's shim, but for those of a service. */
const PROCESSES = `for maps in $(grep -ls libdmfd /proc/[0-9]*/maps); do
  tr '\\0' ' ' <\${maps%maps}cmdline | grep -q -e ' serve $' -e 'warm[.]cjs' || echo $maps; done`;

/** What is up: mapped devices without their names, loop devices, processes of dmfd. */
const UP = `dmsetup table | sed 's/^[^ ]*: //'; losetup -nO AUTOCLEAR,BACK-FILE | tr -s ' ' | sort; ${PROCESSES}`;

function up(table: string, ...images: string[]): string {
  return `${table}\n${images.map((name) => ` 1 /tmp/recipe/${name}\n`).join('')}`;
}

/** The table of a device that is one whole loop device, of so many sectors. */
function whole(sectors: number): string {
  return `0 ${sectors - 8} linear 7:0 0\n${sectors - 8} 8 linear 7:0 ${sectors - 8}`;
}

/** The device and its loop devices are up without any dmfd, and a further look shows this. */
function alone(table: string, image: string, script = '', prints = ''): Look {
  const standing = up(table, image)
    .replace(/[/.]/g, '\\$&')
    .replaceAll('7:0', '7:\\d+')
    .replace('KEY', 'DMFD-[0-9a-f-]{36}');
  return [`${UP}; ${script}`, new RegExp(`^${standing}${prints}$`)];
}

/** mount tells the link in /dev/mapper where udevd has made it. */
const NODE = '/dev/(dm-\\d+|mapper/dmfd-[0-9a-f]{8})';
const MOUNTED = "grep ' /tmp/recipe/' /proc/mounts | cut -d' ' -f1-3";

recipe('A file system that goes with its umount', {
  before: {
    'umount mnt': alone(whole(131_072), 'disk.img', MOUNTED, `${NODE} /tmp/recipe/mnt ext4\n`),
  },
  afterwards: ["debugfs -R 'cat file' disk.img 2>/dev/null", 'kept\n'],
});

recipe('XFS', {
  before: {
    'umount mnt': alone(whole(655_360), 'disk.img', MOUNTED, `${NODE} /tmp/recipe/mnt xfs\n`),
  },
  afterwards: ['mount -o ro,loop disk.img mnt; cat mnt/file; umount mnt', 'kept\n'],
});

recipe('fsck of a partition inside an image', {
  // Something to repair; the offset is the partition's.
  before: {
    'dmfd create': ["debugfs -w -R 'ssv free_inodes_count 7' 'disk.img?offset=1048576'", /^debugfs/],
  },
  status: 1,
  stdout: /^\/dev\/dm-\d+: 11\/\d+ files .*\n$/,
  afterwards: ["dumpe2fs -h 'disk.img?offset=1048576' 2>/dev/null | grep '^Free inodes'", /\s\d{4,}\n$/],
});

recipe('Two files as one disk, written with dd', {
  afterwards: [
    '{ tail -c 2048 first.img; head -c 2048 second.img; } | cmp - data && echo same; cat first.img second.img | tr -d "\\0" | wc -c; tr -d "\\0" <data | wc -c',
    /^same\n(\d+)\n\1\n$/,
  ],
});

recipe('Swap that goes with swapoff', {
  before: {
    swapoff: alone(
      whole(131_072),
      'swap.img',
      'tail -n +2 /proc/swaps',
      '/dev/dm-\\d+\\s+partition\\s+65532\\s.*\n',
    ),
  },
});

recipe('Encrypted swap', {
  before: {
    swapoff: alone(
      '0 131072 crypt aes-xts-plain64 :64:logon:dmfd:KEY 0 7:0 0',
      'swap.img',
      'tail -n +2 /proc/swaps',
      '/dev/dm-\\d+\\s+partition\\s+65532\\s.*\n',
    ),
  },
  stdout: /^\/dev\/dm-\d+ is encrypted swap, named \S+, 64 MiB \(67104768 bytes\)\n$/,
  afterwards: ['head -c 65536 swap.img | grep -c SWAPSPACE2', '0\n'],
});

recipe('LVM', {
  before: {
    vgchange: [
      `lvs --noheadings -o vg_name,lv_name,devices; dmsetup deps -o devname scratch-data; blkid -o value -s TYPE /dev/scratch/data; ${PROCESSES}`,
      /^ *scratch +data +\/dev\/(dm-\d+|mapper\/dmfd-[0-9a-f]{8})\(0\) *\n.*\((dm-\d+|dmfd-[0-9a-f]{8})\) *\next4\n$/m,
    ],
  },
  stdout: /successfully created.*\n.*Volume group "scratch" successfully created\n/s,
  stderr: /^(.*not backed up.*\n)*$/i,
  afterwards: [
    'dd if=disk.img bs=512 skip=2049 count=1 status=none | head -c 8; ls /etc/lvm/backup /etc/lvm/archive /dev/scratch 2>/dev/null',
    'LABELONE',
  ],
});

recipe('LUKS', {
  before: {
    'cryptsetup close': [
      `dmsetup table secret; dmsetup deps -o devname secret; blkid -o value -s TYPE /dev/mapper/secret; ${PROCESSES}`,
      /^0 \d+ crypt aes-xts-plain64 .*\n.*\(.*\) *\next4\n$/,
    ],
  },
  afterwards: [
    'cryptsetup isLuks disk.img && cryptsetup open --test-passphrase --key-file key disk.img && grep -c lost+found disk.img',
    '0\n',
  ],
});

recipe('A loop device on top, for the partitions', {
  before: {
    'losetup --detach': [
      `losetup -nO AUTOCLEAR,BACK-FILE | sort; ls -d /sys/block/loop*/loop*p1 | sed s,.*/,,; ${PROCESSES}`,
      /^ *0 \/dev\/dm-\d+\n *1 \/tmp\/recipe\/disk\.img\nloop\d+p1\n$/,
    ],
  },
  afterwards: ['blkid -p -O 1048576 -o value -s TYPE disk.img', 'ext4\n'],
});

recipe('Try something on an image without changing it', {
  before: {
    'umount mnt': [
      `${UP}; cat mnt/file`,
      /^0 131072 snapshot 7:\d+ 7:\d+ N 8\n 1 \S+changes.img\n 1 \S+disk.img\ntried\n$/,
    ],
  },
  // A mount counts itself in the superblock.
  afterwards: [
    "debugfs -R 'cat file' disk.img 2>&1 | tail -1; dumpe2fs -h disk.img 2>/dev/null | grep '^Mount count'; grep -c tried changes.img",
    /^.*File not found.*\nMount count: +0\n1\n$/,
  ],
});

recipe('The same, and nobody can read the changes afterwards', {
  before: {
    'umount mnt': [
      `dmsetup table | grep -c " crypt \\| snapshot "; cat mnt/file; ${PROCESSES}`,
      /^2\nsecret\n$/,
    ],
  },
  afterwards: [
    "debugfs -R 'cat file' disk.img 2>&1 | tail -1; grep -c secret changes.img; tr -d '\\0' <changes.img | head -c 1 | wc -c",
    /^.*File not found.*\n0\n1\n$/,
  ],
});

recipe('A thin volume larger than its pool', {
  before: { 'umount mnt': ['dmsetup table | grep -c " thin\\(-pool\\)\\? "', '2\n'] },
  stdout: /^2\d{5} blocks of 1024 bytes\n$/,
});

recipe('Encryption that notices what was changed below', {
  stdout: /^(Pass \d: .*\n){5}\/dev\/dm-\d+: 11\/\d+ files .*\n$/,
  stderr: /^(blkdiscard: .*\n)?(e2fsck .*\n)?$/,
  afterwards: ['head -c 8 disk.img; grep -c lost+found disk.img', 'integrt\0' + '0\n'],
});

recipe('A disk with bad sectors', { stdout: '1000\n1001\n1002\n1003\n1004\n1005\n1006\n1007\n' });

recipe('A disk that stops taking writes', {
  before: {
    dmsetup: ['dmsetup table', /^flaky: 0 131064 linear /],
    'umount mnt': ['dmsetup table', /^(flaky: \d+ \d+ flakey 7:\d+ \d+ 0 1 1 error_writes *\n){2}$/],
  },
  stderr: /^dd: fsync failed for 'mnt\/file': (Input\/output error|Read-only file system)$/m,
  afterwards: ["debugfs -R 'cat file' disk.img 2>/dev/null", 'old\n'],
});

recipe('QEMU', {
  // The order of the members is QEMU's own affair.
  stdout:
    /^(?=.*"virtual-size": 67108864)(?=.*"filename": "\/dev\/fdset\/1")(?=.*"ro": false)(?=.*virtio).*\r?\nwrote 512\/512 bytes/m,
  afterwards: ["head -c 513 disk.img | tr -d '\\0' | sort | uniq -c | tr -s ' '", ` 1 ${'A'.repeat(512)}\n`],
});

recipe('A command without privileges', {
  stdout: 'nobody\npasswd\n',
  stderr: /^head: cannot open '\/dev\/dm-\d+' for reading: Permission denied\n$/,
});

recipe('Two devices for one command', {
  stdout: 'left=3,right=4\n',
  afterwards: ['head -qc 4 left.img right.img', 'one\ntwo\n'],
});

recipe('Many devices from one process', {
  before: {
    'echo \'{"release"': [
      "dmsetup table | cut -d' ' -f4 | sort | uniq -c | tr -s ' '",
      ' 2 linear\n 20 zero\n',
    ],
  },
  stdout: '"released":"slice7","gone":true}\n',
  afterwards: ['dumpe2fs -h disk.img 2>/dev/null | grep -c "magic number"', '1\n'],
});

recipe('A lock around it', {
  afterwards: ['head -c 5 disk.img; flock -n lock echo free', 'mine\nfree\n'],
});

recipe('A daemon that keeps it', {
  before: {
    kill: alone(
      whole(8192),
      'disk.img',
      'stat -Lc %F /proc/$(cat daemon.pid)/fd/3; cat /proc/$(cat daemon.pid)/comm',
      'block special file\nsleep\n',
    ),
  },
});

/** A process that holds the device is called so, and does nothing. */
const NAMED = 'for name in qemu-system-x86 dd; do cp $(command -v sleep) /tmp/$name; done';

function until(name: string): string {
  return `until cat /proc/[0-9]*/comm 2>/dev/null | grep -qx ${name}; do sleep 0.1; done`;
}

/** What has to be there before what the pages print, and what ends it. */
const consoles: Readonly<Record<string, Parameters<typeof runConsole>[1]>> = {
  'README.md, 1': {},
  // It has a file system from the first one.
  'README.md, 2': { afterwards: 'rm disk.img' },
  'README.md, 3': { afterwards: 'rm swapfile' },
  'docs/batch.md, 1': {
    before: ([requests]) =>
      `truncate -s 1M left.img right.img; cat >requests <<'END'\n${requests?.prints}END`,
    afterwards: 'rm left.img right.img requests',
  },
  'docs/looking.md, 1': {
    before: () => `truncate -s 64M disk.img; ${NAMED}
      dmfd create --linear disk.img -- sh -c 'mkfs.ext4 -q {path} && mount {path} /mnt'
      dmfd create scratch --readonly --zero 1536M -- \\
        sh -c '/tmp/dd 1000 <{path} 3<&- & exec /tmp/qemu-system-x86 1000' & ${until('qemu-system-x86')}; ${until('dd')}`,
    afterwards: 'umount /mnt; kill $(pidof qemu-system-x86 dd); wait; rm disk.img',
  },
  'docs/looking.md, 2': {
    before: () => `truncate -s 64M disk.img; ${NAMED}
      dmfd create scratch --linear disk.img -- \\
        sh -c 'mkfs.ext4 -q {path} && mount {path} /mnt && exec /tmp/qemu-system-x86 1000' & ${until('qemu-system-x86')}`,
    afterwards: 'umount /mnt; kill $(pidof qemu-system-x86); wait; rm disk.img',
  },
  'docs/looking.md, 3': {
    before: () => `truncate -s 1G disk.img
      dmfd create disk --linear disk.img -- sh -c 'mkfs.ext4 -q {path} && mount {path} /mnt'`,
    afterwards: 'umount /mnt; rm disk.img',
  },
};

/** What ls, rm and resize print, others test, too. */
const printed = [...consoleBlocks()].filter(([place]) => everything || !place.startsWith('docs/looking.md'));

test.each(printed)('%s: the commands print what the page says', async (place, block) => {
  const surroundings = consoles[place];
  if (surroundings === undefined) throw new Error(`nothing says how to run ${place}`);
  await runConsole(block, surroundings);
});

/** Recipes that want a guest of their own, and the scenarios that run their text there. */
const elsewhere = {
  'The same where a device open for writing cannot be mounted': 'write-mounted.test.ts',
  'A systemd service that finds the device by its name': 'systemd/recipe.test.ts',
  'A device that outlives restarts of its service': 'systemd/recipe.test.ts',
  'Encrypted swap with systemd': 'systemd/recipe.test.ts',
};

test('each recipe of docs/recipes.md is tested', () => {
  for (const [heading, file] of Object.entries(elsewhere)) {
    expect(readFileSync(vmFile('scenarios', file), 'utf8')).toContain(`recipeText('${heading}')`);
    tested.push(heading);
  }
  expect(tested.sort()).toEqual([...recipeTexts().keys()].sort());
});
