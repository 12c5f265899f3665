import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { program } from '../../programs.js';
import { checkout, vmFile } from '../harness/checkout.js';
import { unpackedXen } from '../harness/xen.js';
import { atCall } from './at-call.js';
import { entriesOf, pointsFor } from './points.js';
import { everything, expectNothingLeft, GONE, inBareDev, sampleOf, sh, thorough, vm } from './support.js';
import { whileServed } from './warm/served.js';
import { killService, startService, UNTIL_SERVED, warm, watched } from './warm/service.js';

/**
 * The hotplug script with real devices and a real xenstored, in a guest without Xen. The backend is a shell that opens what
 * xenstore names, and tells so, as blkback does with a patch.
 */
const xen = await unpackedXen();
const env = { XEN: xen, LAUNCHER: join(checkout, 'native-shims/build/dmfd') };
const FUNCTIONS = `export XEN='${env.XEN}' LAUNCHER='${env.LAUNCHER}'
  . '${vmFile('scenarios/xen-hotplug/backend.sh')}'\n`;

beforeAll(async () => {
  await vm.start(
    [
      'sh',
      '-c',
      `mkdir -p /run/xenstored && exec ${xen}/usr/lib/xen-[0-9]*/bin/xenstored -N --pid-file /run/xenstored.pid`,
    ],
    {
      timeoutMs: 0,
      stdin: 'null',
      env: {
        LD_LIBRARY_PATH: `${xen}/usr/lib/x86_64-linux-gnu`,
        LD_PRELOAD: program('no-hypervisor.so'),
        XENSTORED_ROOTDIR: '/run/xenstored',
        XENSTORED_RUNDIR: '/run/xenstored',
      },
    },
  );
  await sh('until [ -S /run/xenstored/socket ]; do sleep 0.05; done; modprobe -a loop dm-mod');
});

afterEach(async () => {
  await sh(`${FUNCTIONS} xs rm /local 2>/dev/null || true; rm -f /tmp/backend-*`);
  await expectNothingLeft();
});

/** What a script with the functions prints; it may fail. */
async function xenShell(script: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await vm.sh(`${FUNCTIONS}\n${script}`, { timeoutMs: 300_000 });
  return { code, stdout, stderr };
}

const hours = 3_600_000;

const CONNECTED = ['status: connected', 'holders: sleep ', 'told: number path diskseq'];
const WRITTEN = 'reads what was written: written';
const INTACT = 'the base is as it was';

const FORMS: [
  script: string,
  params: string,
  mode: string,
  reads: string,
  written: string[],
  files: string,
][] = [
  ['block-dmfd', '/tmp/plain', 'w', 'plain', [WRITTEN], ' /tmp/plain'],
  ['block-dmfd', '/tmp/plain', 'r', 'plain', [], ''],
  ['block-dmfd', 'overlay:/tmp/base', 'w', 'base_', [WRITTEN], ''],
  ['block-dmfd', 'crypt:/tmp/plain', 'w', '00000', [WRITTEN], ''],
  ['block-dmfd', 'overlay:/tmp/base', 'r', 'base_', [], ''],
  ['block-dmfd', 'overlay:/tmp/base:/tmp/cow', 'w', 'base_', [WRITTEN], ' /tmp/cow'],
  ['block-dmfd', 'crypt-overlay:/tmp/base:/tmp/cow', 'w', 'base_', [WRITTEN], ''],
  ['block-snapshot', '/tmp/base:/tmp/cow', 'w', 'base_', [WRITTEN], ' /tmp/cow'],
  ['block-snapshot', '/tmp/base:/tmp/cow:/tmp/cow2', 'w', 'base_', [WRITTEN], ' /tmp/cow2'],
  ['block-snapshot', '/tmp/base:/tmp/cow', 'r', 'base_', [], ''],
  ['block-dmfd', 'table:/tmp/table', 'r', '00000', [], ''],
];

const formsOf = (script: string, params: string, mode: string): string =>
  `XEN='${env.XEN}' LAUNCHER='${env.LAUNCHER}' bash '${vmFile('scenarios/xen-hotplug/forms.sh')}' ${script} '${params}' ${mode} 2>&1`;

const seenOf = (reads: string, written: readonly string[], files: string): string =>
  [...CONNECTED, `reads: ${reads}`, ...written, `files with what was written:${files}`, INTACT, ''].join(
    '\n',
  );

/** Those of the sample are made with the service, below. */
test.each(everything ? FORMS : [])(
  '%s %s (%s) is held by the backend alone, and goes with it',
  async (script, params, mode, reads, written, files) => {
    expect(await sh(formsOf(script, params, mode))).toBe(seenOf(reads, written, files));
  },
);

/** Runs the script in the background, for an overlay if not told otherwise, until xenstore has its device. */
const TRY = `
  truncate -s 1M /tmp/a.img
  try() {
    disk $1 \${2-overlay:/tmp/a.img}
    { hotplug block-dmfd add $1 2>/dev/null; echo "ended with $?"; } &
    until xs read $(path $1)/physical-device >/dev/null 2>&1; do sleep 0.3; done
  }
  left() { wait; xs list $(path $1) | sort | tr '\\n' ' '; echo; }`;

thorough('a backend that cannot open the device', async () => {
  const { stdout } = await xenShell(`${TRY}
    try 1
    xs write /local/domain/0/error/backend/vbd/3/1/error 'creating vbd structure' $(path 1)/state 5
    left 1; xs read $(path 1)/hotplug-error $(path 1)/hotplug-status`);
  const [ended, nodes, error, status] = stdout.split('\n');
  expect({ ended, nodes, status }).toEqual({
    ended: 'ended with 125',
    nodes: 'frontend-id hotplug-error hotplug-status mode opened params state ',
    status: 'error',
  });
  expect(error).toMatch(
    /^backend\/vbd\/3\/1, device \d+:\d+: the backend cannot use it: creating vbd structure$/,
  );
});

const BACKENDS = [
  ['does not tell', 'xs rm $(path 1)/opened'],
  ['tells', ':'],
] as const;

for (const [what, before] of BACKENDS)
  thorough(`a backend that ${what} when it has opened the device, and never does`, async () => {
    const { stdout } = await xenShell(`truncate -s 1M /tmp/a.img; disk 1 overlay:/tmp/a.img; ${before}
    XENBUS_PATH=backend/vbd/3/1 node '${vmFile('scenarios/xen-hotplug/impatient.mjs')}' 8000
    xs read $(path 1)/hotplug-error $(path 1)/hotplug-status; xs list $(path 1) | grep -x 'physical.*\\|diskseq\\|dmfd.*'`);
    const [said, told, ...rest] = stdout.split('\n');
    expect(said).toBe(`xen-backend-failed: ${told}`);
    expect(told).toMatch(
      /^backend\/vbd\/3\/1, device \d+:\d+: the backend has not opened it until the 8 s were up$/,
    );
    expect(rest).toEqual(['error', '']);
  });

thorough('a xenstored that dies while the backend is waited for', async () => {
  const { stdout, stderr } = await xenShell(`
    mkdir -p /run/second
    export XENSTORED_PATH=/run/second/socket
    LD_LIBRARY_PATH=$XEN/usr/lib/x86_64-linux-gnu LD_PRELOAD='${program('no-hypervisor.so')}' XENSTORED_ROOTDIR=/run/second \
      XENSTORED_RUNDIR=/run/second $XEN/usr/lib/xen-[0-9]*/bin/xenstored -N --pid-file /run/second/pid & xenstored=$!
    until [ -S $XENSTORED_PATH ]; do sleep 0.05; done
    truncate -s 1M /tmp/a.img
    disk 1 overlay:/tmp/a.img
    { hotplug block-dmfd add 1; echo "ended with $?"; } & adding=$!
    until xs read $(path 1)/physical-device >/dev/null 2>&1; do sleep 0.3; done
    kill -KILL $xenstored; wait $adding
    rm -r /run/second`);
  expect(stdout).toBe('ended with 125\n');
  // What it had not read yet when it died breaks the connection.
  expect(stderr).toMatch(
    /^dmfd: xenstore: (it has closed the connection|the connection broke: .*)\n {2}hint: is xenstored running, and is this domain 0, or a domain with a backend of its own\?\n$/,
  );
});

thorough('a toolstack that takes the disk back gets no node of it again', async () => {
  const { stdout } = await xenShell(`${TRY}
    try 2
    xs rm $(path 2)
    left 2; xs list -p /local/domain/0/backend/vbd/3`);
  expect(stdout).toBe('ended with 125\n\n');
});

thorough(
  'a disk that is attached anew while an old script makes its device gets nothing of that',
  async () => {
    const { stdout } = await xenShell(`
    truncate -s 1M /tmp/a.img; disk 1 overlay:/tmp/a.img
    export XEN; printf '%s\\n' ". '${vmFile('scenarios/xen-hotplug/backend.sh')}'" 'xs rm $(path 1); disk 1 /tmp/b.img' >/tmp/anew
    ln -sfn "$LAUNCHER" /tmp/block-dmfd
    XENBUS_PATH=backend/vbd/3/1 ${atCall('DM_TABLE_LOAD', { run: 'bash /tmp/anew' })} /tmp/block-dmfd add 2>&1
    echo "ended with $?"; xs list $(path 1) | sort | tr '\\n' ' '; xs read $(path 1)/params`);
    expect(stdout.split('\n')).toEqual([
      'dmfd: backend/vbd/3/1: another disk is asked for there',
      'ended with 125',
      'frontend-id mode opened params state /tmp/b.img',
      '',
    ]);
  },
);

for (const params of ['overlay:/tmp/a.img', '/tmp/a.img'])
  thorough(
    `a kill while the backend is waited for leaves a number that no device has (${params})`,
    async () => {
      const { stdout } = await xenShell(`${TRY}
    try 3 '${params}'
    pkill -KILL -f '[x]en-hotplug add'
    left 3 | grep -c diskseq
    number=$(xs read $(path 3)/physical-device)
    device=/sys/dev/block/$((0x\${number%:*})):$((0x\${number#*:}))
    for n in $(seq 100); do [ -e $device ] || break; sleep 0.1; done
    ls $device`);
      expect(stdout).toBe('ended with 137\n1\n');
    },
  );

/**
 * SIGKILL at system calls of the main thread from its connection to xenstore on, and of the shield: see kill-at; in `make test-all`
 * at all of them. A file takes the same way as an overlay.
 */
const VICTIMS: [who: string, size: number, params: string][] = [
  ['shield', 1, 'overlay:/tmp/base'],
  ['group', 1, 'overlay:/tmp/base'],
  ['xenstore-main', 2, 'overlay:/tmp/base'],
  ['xenstore-main', 1, '/tmp/base'],
];

test.each(sampleOf(VICTIMS, 4))(
  'SIGKILL (%s) of add leaves the disk or nothing, and nothing when the backend lets go',
  async (who, size, params) => {
    const killAt = (points: readonly number[]) =>
      `${FUNCTIONS}${GONE}
      yes base | head -c 1048576 >/tmp/base
      for point in ${points.join(' ')}; do
        echo "point $point" $(killed_at '${program('kill-at')}' ${who} $point ${params} 2>/dev/null), left: $(gone)
      done`;
    const counted = await sh(
      `${FUNCTIONS} yes base | head -c 1048576 >/tmp/base
      disk 2 ${params}
      backend 2 & held=$!
      ln -sfn "$LAUNCHER" /tmp/block-dmfd
      XENBUS_PATH=backend/vbd/3/2 '${program('kill-at')}' ${who} 1000000 /tmp/block-dmfd add
      kill $held; xs rm $(path 2)`,
    );
    const count = Number(/^points (\d+)$/m.exec(counted)?.[1]);
    const isMain = who === 'xenstore-main';
    expect(count).toBeGreaterThan(isMain ? 250 : 14);
    const isSwept = everything && params !== '/tmp/base';
    // No other kernel takes the rest of them.
    const points =
      isSwept && isMain ? entriesOf(count) : pointsFor(who, count, everything ? 10 : size, isSwept);
    const lines = (await sh(killAt(points), hours)).trim().split('\n');
    expect(lines).toHaveLength(points.length);
    // What is before the device's number is told leaves nothing; what is after it, a disk; and between the two, either.
    const right = /^point \d+ (killed|points) (disk: base|nothing), left:$/;
    expect(lines.filter((line) => !right.test(line))).toEqual([]);
    const killed = lines.filter((line) => line.includes(' killed ')).length;
    // The very last calls of the main thread may come or not: how Node's threads end is a race.
    expect(killed).toBeGreaterThanOrEqual(points.length - (isMain ? Math.ceil(points.length / 10) : 0));
    const disks = lines.filter((line) => line.includes('disk')).length;
    console.info(`${who}, ${params}: ${killed} of ${count} points, ${disks} with the disk`);
  },
  hours,
);

/** Disks of domain 3, of which domain 4 reads the first; each with its exit status and the begin of its error. */
const SHARED: [params: string, mode: string, said: string][] = [
  ['/dev/loop7', 'w', '125 block device 7:7: it is in use by domain 4 (backend/vbd/4/1).'],
  ['/dev/loop7', 'r', '0 .'],
  ['/dev/loop7', 'w!', '0 .'],
  ['crypt:/dev/loop7', 'w', '125 block device 7:7: it is in use by domain 4 (backend/vbd/4/1).'],
  ['/tmp/b.img', 'w', '125 loop file "/tmp/b.img": /dev/loop7 has it; the two would ove.'],
  ['overlay:/dev/loop7', 'w', '0 .'],
];

/** Disks of a block device that a device of this domain stands on; as above. */
const CLAIMED = sampleOf(
  [
    ['/dev/loop7', 'w', '125 block device 7:7: it is in use here: device /dev/dm-N; it ca.'],
    ['/dev/loop7', 'w!', '0 .'],
    ['/dev/loop7', 'r', '0 .'],
    ['crypt:/dev/loop7', 'w', '125 block device 7:7: it is in use here: device /dev/dm-N; it ca.'],
    [
      'overlay:/tmp/c.img:/dev/loop7',
      'w',
      '125 block device 7:7: it is in use here: device /dev/dm-N; it ca.',
    ],
    [
      'crypt-overlay:/tmp/c.img:/dev/loop7',
      'w',
      '125 block device 7:7: it is in use here: device /dev/dm-N; it ca.',
    ],
    ['overlay:/dev/loop7:/tmp/c.img', 'w', '0 .'],
  ] as const,
  7,
);

test('one disk at a time for what is written to, unless the mode says that it may be shared', async () => {
  const rows = sampleOf(SHARED, 6);
  const { stdout } = await xenShell(`
    truncate -s 1M /tmp/b.img /tmp/c.img
    losetup /dev/loop7 /tmp/b.img
    mkdir -p /tmp/mounted; mkfs.ext4 -q /dev/loop7
    add() {
      disk $1 $2 $3; attach block-dmfd $1 2>/dev/null; kill $held; wait $held
      echo "$2 $3: $status $(xs read $(path $1)/hotplug-error 2>/dev/null | cut -c1-60 | sed 's/dm-[0-9]/dm-N/')."
    }
    xs write /local/domain/3/vm /vm/a /local/domain/4/vm /vm/b
    xs write /local/domain/0/backend/vbd/4/1/physical-device 7:7 /local/domain/0/backend/vbd/4/1/mode r
    ${rows.map(([params, mode], index) => `add ${index + 1} ${params} ${mode}`).join('\n    ')}
    xs rm /local/domain/0/backend/vbd/4
    # What was refused has written nothing: the file system is whole. An overlay may be about to go.
    for n in $(seq 100); do mount /dev/loop7 /tmp/mounted 2>/dev/null && break; sleep 0.1; done
    add 7 /dev/loop7 r
    mount -o remount,ro /tmp/mounted
    add 8 /dev/loop7 r
    umount /tmp/mounted
    # Neither a mount nor swap.
    dmsetup create --noudevsync volume --table '0 8 linear /dev/loop7 0'
    ${CLAIMED.map(([params, mode], index) => `add ${9 + index} ${params} ${mode}`).join('\n    ')}
    dmsetup remove --noudevsync volume
    # Nor has any of these written: blkid sees the file system.
    blkid -p -s TYPE -o value /dev/loop7
    losetup -d /dev/loop7`);
  expect(stdout.trimEnd().split('\n')).toEqual([
    ...rows.map(([params, mode, said]) => `${params} ${mode}: ${said}`),
    '/dev/loop7 r: 125 block device 7:7: it is in use here, as mount /tmp/mounted; .',
    '/dev/loop7 r: 0 .',
    ...CLAIMED.map(([params, mode, said]) => `${params} ${mode}: ${said}`),
    'ext4',
  ]);
});

/** Another program has the device of the first column, for writing. */
const STACKS: [theirs: string, params: string, mode: string, status: string][] = [
  ['loop5', '/dev/loop5p1', 'w', 'refused'],
  ['loop5p1', '/dev/loop5', 'r', 'refused'],
  ['loop5p1', 'overlay:/dev/loop5p2', 'w', 'added'],
  ['loop6', '/dev/mapper/first', 'w', 'refused'],
  ['dm-0', 'overlay:/dev/loop6', 'w', 'refused'],
  ['dm-0', '/dev/mapper/second', 'w', 'added'],
  ['loop6', '/dev/loop4', 'r', 'refused'],
  ['loop4', 'crypt:/dev/loop6', 'w', 'refused'],
  ['dm-0', 'table:/tmp/linear', 'w', 'refused'],
  ['dm-1', 'table:/tmp/linear', 'r', 'refused'],
  ['dm-0', 'table:/tmp/linear', 'w!', 'added'],
  ['loop5p1', 'table:/tmp/linear', 'w', 'added'],
  ['loop5', 'table:/tmp/layers', 'w', 'refused'],
];

thorough(
  'a disk and its partition, and what is on top of a device, are not given to two; two parts of one are',
  async () => {
    const { stdout, stderr } = await xenShell(`
    export DM_DISABLE_UDEV=1
    truncate -s 16M /tmp/disk /tmp/volume
    printf 'label: dos\\n,4M\\n,4M\\n' | sfdisk -q /tmp/disk
    losetup -P /dev/loop5 /tmp/disk; losetup /dev/loop6 /tmp/volume; losetup /dev/loop4 /dev/loop6
    dmsetup create first --table '0 2048 linear /dev/loop6 0'
    dmsetup create second --table '0 2048 linear /dev/loop6 2048'
    echo '0 2048 linear /dev/loop6 4096' >/tmp/linear
    printf '0 2048 linear /dev/loop5p1 0\\nthen\\n0 2048 linear {below} 0\\n' >/tmp/layers
    until [ -b /dev/loop5p2 ]; do sleep 0.05; done
    xs write /local/domain/3/vm /vm/a /local/domain/4/vm /vm/b
    try() {
      number=$(cat /sys/class/block/$1/dev)
      xs write /local/domain/0/backend/vbd/4/1/physical-device $(printf %x:%x \${number%:*} \${number#*:})
      disk 1 $2 $3; attach block-dmfd 1 2>/dev/null
      case "$status $(xs read $(path 1)/hotplug-error 2>/dev/null)" in
        '0 ') echo "$1, $2 $3: added" ;;
        '125 block device '*': it is in use by domain 4 (backend/vbd/4/1); '*) echo "$1, $2 $3: refused" ;;
        *) echo "$1, $2 $3: $status $(xs read $(path 1)/hotplug-error)" ;;
      esac
      kill $held; wait $held; hotplug block-dmfd remove 1; xs rm $(path 1)
    }
    ${STACKS.map(([theirs, params, mode]) => `try ${theirs} ${params} ${mode}`).join('\n    ')}
    dmsetup remove first; dmsetup remove second; losetup -d /dev/loop4; losetup -d /dev/loop5; losetup -d /dev/loop6`);
    expect({
      stdout: stdout.trimEnd().split('\n'),
      // The shell tells of each backend that it has killed.
      stderr: stderr.replaceAll('Terminated\n', ''),
    }).toEqual({
      stdout: STACKS.map(([theirs, params, mode, status]) => `${theirs}, ${params} ${mode}: ${status}`),
      stderr: '',
    });
  },
);

thorough(
  'two domains have an overlay of one block device each, and a third may read it, but not write to it',
  async () => {
    const { stdout } = await xenShell(`
    xs write /local/domain/3/vm /vm/a /local/domain/4/vm /vm/b /local/domain/5/vm /vm/c
    truncate -s 1M /tmp/base.img; losetup /dev/loop7 /tmp/base.img
    for number in 3 4; do
      domain=$number disk 1 overlay:/dev/loop7
      domain=$number attach block-dmfd 1; echo "domain $number: $?"; holders="$holders $held"
    done
    domain=5 disk 1 /dev/loop7 r; domain=5 attach block-dmfd 1; echo "reading: $?"
    kill $held; wait $held; domain=5 hotplug block-dmfd remove 1; domain=5 xs rm $(domain=5 path 1)
    domain=5 disk 1 /dev/loop7 w; domain=5 hotplug block-dmfd add 1 2>/dev/null; echo "writing: $?"
    domain=5 xs rm $(domain=5 path 1)
    kill $holders; wait $holders
    for number in 3 4; do domain=$number hotplug block-dmfd remove 1; done
    losetup -d /dev/loop7`);
    expect(stdout).toBe('domain 3: 0\ndomain 4: 0\nreading: 0\nwriting: 125\n');
  },
);

thorough('a table claims what the kernel has open for it', async () => {
  const { stdout } = await xenShell(`
    truncate -s 1M /tmp/a.img /tmp/b.img; losetup /dev/loop6 /tmp/a.img; losetup /dev/loop7 /tmp/b.img
    printf '0 1024 linear /dev/loop6 0\\nthen\\n0 1024 snapshot {below} /dev/loop7 N 8\\n' >/tmp/layers
    disk 1 table:/tmp/layers; attach block-dmfd 1
    xs read $(path 1)/dmfd-claims | cut -d ' ' -f 2-
    kill $held; wait $held; hotplug block-dmfd remove 1; losetup -d /dev/loop6; losetup -d /dev/loop7`);
  expect(stdout).toBe('w7:7 w7:6\n');
});

/** Zeros are a store that is made anew: its header is written when the table is loaded. */
thorough('a table whose store another domain has is refused before anything is written there', async () => {
  const tables = [
    '0 1024 snapshot /dev/loop6 /dev/loop7 P 8',
    '0 1024 snapshot 7:6 7:7 P 8',
    '0 1024 snapshot /dev/loop6 /tmp/link P 8',
    '0 1024 linear /dev/loop6 0\\nthen\\n0 {below:sectors} snapshot {below} /dev/loop7 P 8',
    '0 1024 snapshot /dev/loop6 /dev/loop7 P 8\\nthen\\n0 1024 linear {below} 0',
  ];
  const { stdout } = await xenShell(`
    rm -f /tmp/a.img /tmp/b.img; truncate -s 1M /tmp/a.img /tmp/b.img
    losetup /dev/loop6 /tmp/a.img; losetup /dev/loop7 /tmp/b.img
    ln -sfn /dev/loop7 /tmp/link
    xs write /local/domain/3/vm /vm/a /local/domain/4/vm /vm/b
    xs write /local/domain/0/backend/vbd/4/1/physical-device 7:7 /local/domain/0/backend/vbd/4/1/mode w
    try() {
      printf "$1" >/tmp/table; disk 1 table:/tmp/table
      hotplug block-dmfd add 1 2>/dev/null; echo "$? $(xs read $(path 1)/hotplug-error)"
      xs rm $(path 1)
    }
    ${tables.map((table) => `try '${table}'`).join('\n    ')}
    head -c 8192 /dev/loop7 | cmp -n 8192 - /dev/zero && echo 'nothing is written'
    losetup -d /dev/loop6; losetup -d /dev/loop7`);
  const refused = '125 block device 7:7: it is in use by domain 4 (backend/vbd/4/1); it cannot be written to';
  expect(stdout.trimEnd().split('\n')).toEqual([...tables.map(() => refused), 'nothing is written']);
});

thorough('where /dev has no node, others are told its name, and not the path of a descriptor', async () => {
  const output = await sh(
    inBareDev(`${FUNCTIONS} echo '0 2048 zero' >/tmp/table
    disk 1 table:/tmp/table; attach block-dmfd 1
    number=$(xs read $(path 1)/physical-device)
    [ "$(xs read $(path 1)/physical-device-path)" = "/dev/dm-$((0x\${number#*:}))" ] && echo 'its name'
    kill $held; wait $held; hotplug block-dmfd remove 1`),
  );
  expect(output).toBe('its name\n');
});

/** Whether it is looked at before or after, what is claimed is what is used. */
const LED = [
  ['/tmp/link', 'crypt:/tmp/link', '7'],
  ['/proc/self/fd/', '/tmp/link', '6'],
  ['/proc/self/fd/', 'crypt:/tmp/link', '6'],
  ['/proc/self/fd/', 'overlay:/tmp/link', '6'],
] as const;

for (const [path, params, used] of LED)
  thorough(`a link that is led elsewhere just before ${path} is opened (${params})`, async () => {
    const { stdout } = await xenShell(`
    truncate -s 1M /tmp/a.img /tmp/b.img; losetup /dev/loop6 /tmp/a.img; losetup /dev/loop7 /tmp/b.img
    ln -sfn /dev/loop6 /tmp/link; ln -sfn /dev/loop7 /tmp/other
    disk 1 ${params}
    backend 1 & held=$!
    ln -sfn "$LAUNCHER" /tmp/block-dmfd
    XENBUS_PATH=backend/vbd/3/1 ${atCall(path, { run: 'mv -T /tmp/other /tmp/link' })} /tmp/block-dmfd add
    echo "ended with $?, the link leads to $(readlink /tmp/link)"
    number=$(xs read $(path 1)/physical-device)
    sys=/sys/dev/block/$((0x\${number%:*})):$((0x\${number#*:}))
    ls $sys/slaves | grep -x 'loop[67]' || basename $(readlink $sys)
    xs read $(path 1)/dmfd-claims | grep -o '[rw]7:[67]'
    kill $held; wait $held; hotplug block-dmfd remove 1; losetup -d /dev/loop6; losetup -d /dev/loop7`);
    const access = params.startsWith('overlay') ? 'r' : 'w';
    expect(stdout).toBe(`ended with 0, the link leads to /dev/loop7\nloop${used}\n${access}7:${used}\n`);
  });

/** With a block device that is written to, and files. */
const FOR_BOTH = [
  'overlay:/tmp/base',
  'overlay:/tmp/base:/dev/loop7',
  'crypt:/dev/loop7',
  'crypt-overlay:/tmp/base:/dev/loop7',
  'table:/tmp/table',
  '/tmp/plain',
  '/dev/loop7',
];

/** Domain 4 is the device model of domain 3. */
const WITH_MODEL = `
  rm -f /tmp/base /tmp/plain /tmp/origin /tmp/store
  truncate -s 4M /tmp/base /tmp/plain /tmp/origin /tmp/store
  losetup /dev/loop6 /tmp/origin; losetup /dev/loop7 /tmp/store
  echo '0 2048 snapshot /dev/loop6 /dev/loop7 P 8' >/tmp/table
  xs write /local/domain/3/vm /vm/a /local/domain/4/vm /vm/b /local/domain/4/target 3
  both() {
    disk 1 $1; attach block-dmfd 1; guest=$held
    domain=4; disk 1 $1
  }`;

for (const params of FOR_BOTH)
  thorough(
    `a domain and its device model have one device, which goes with the last of them: ${params}`,
    async () => {
      const { stdout, stderr } = await xenShell(`${WITH_MODEL}
        told() { xs read $(path 1)/physical-device $(path 1)/physical-device-path $(path 1)/diskseq $(path 1)/dmfd-claims $(path 1)/dmfd-made; }
        part() { dd if=$1 iflag=direct bs=512 skip=8 count=1 status=none | head -c 7; echo; }
        both ${params}; attach block-dmfd 1; model=$held
        told >/tmp/model; unset domain; told | cmp - /tmp/model && echo 'the same is told'
        printf written | dd of=/tmp/backend-1 oflag=direct bs=512 seek=8 conv=sync,fsync status=none
        part /tmp/backend-4-1
        kill $guest; wait $guest 2>/dev/null
        hotplug block-dmfd remove 1; echo "the first: $?"; xs rm $(path 1)
        part /tmp/backend-4-1
        kill $model; wait $model 2>/dev/null
        domain=4 hotplug block-dmfd remove 1; echo "the last: $?"
        ls -d /sys/block/dm-* 2>/dev/null
        losetup -d /dev/loop6; losetup -d /dev/loop7`);
      expect({ stdout: stdout.split('\n'), stderr: stderr.replaceAll('Terminated\n', '') }).toEqual({
        stdout: ['the same is told', 'written', 'the first: 0', 'written', 'the last: 0', ''],
        stderr: '',
      });
    },
  );

thorough(
  'what a device model has lost is not made anew for it, nor is another device taken for it',
  async () => {
    const { stdout } = await xenShell(`${WITH_MODEL}
    export DM_DISABLE_UDEV=1
    both overlay:/tmp/base
    kill $guest; wait $guest
    until [ -z "$(ls -d /sys/block/dm-* 2>/dev/null)" ]; do sleep 0.05; done
    refused() {
      hotplug block-dmfd add 1 2>/dev/null; echo "$? $(xs read $(path 1)/hotplug-error | sed 's/.* has device/device/')"
      xs list $(path 1) | grep 'physical|dmfd|diskseq'
    }
    refused
    dmsetup create --noudevsync other --table '0 8 zero'
    refused
    dmsetup remove --noudevsync other
    losetup -d /dev/loop6; losetup -d /dev/loop7`);
    expect(stdout.replaceAll(/\d+:0 \(DMFD-[-\w]+\)/g, 'D')).toBe(
      '125 device D, which cannot be opened: ENXIO, no such device or address\n125 device D, which is gone: another device has that number\n',
    );
  },
);

thorough('a name in /dev/mapper has to be the name of the device', async () => {
  const { stdout } = await xenShell(`
    export DM_DISABLE_UDEV=1
    dmsetup create right --table '0 8 zero' && dmsetup create other --table '0 8 zero'
    mv /dev/mapper/other /dev/mapper/wrong
    for name in right wrong; do
      disk 1 /dev/mapper/$name
      attach block-dmfd 1 2>/dev/null
      echo "$name: $status $(xs read $(path 1)/hotplug-error 2>/dev/null)"
      number=$(dmsetup info -c --noheadings --separator : -o major,minor $name)
      told="$(printf %x:%x \${number%:*} \${number#*:}) /dev/mapper/$name $(printf %016x $(cat /sys/dev/block/$number/diskseq))"
      [ "$told" = "$(xs read $(path 1)/physical-device $(path 1)/physical-device-path $(path 1)/diskseq 2>/dev/null | paste -sd ' ')" ] && echo 'told of it'
      kill $held; wait $held; hotplug block-dmfd remove 1; xs rm $(path 1)
    done
    mv /dev/mapper/wrong /dev/mapper/other; dmsetup remove right; dmsetup remove other`);
  expect(stdout.trimEnd().split('\n')).toEqual([
    'right: 0 ',
    'told of it',
    'wrong: 125 disk "/dev/mapper/wrong": the device there is "other"',
  ]);
});

thorough('remove waits until the device is gone, and tells who has it if it is not', async () => {
  const { stdout, stderr } = await xenShell(`
    truncate -s 1M /tmp/a.img; disk 1 overlay:/tmp/a.img; attach block-dmfd 1
    export held
    # It has looked more than once when the backend lets go.
    XENBUS_PATH=backend/vbd/3/1 ${atCall('DM_DEV_STATUS', { nth: 5, run: 'kill $held' })} /tmp/block-dmfd remove; echo "$? $(ls -d /sys/block/dm-* 2>/dev/null)"
    wait; xs rm $(path 1)
    disk 2 /tmp/a.img; attach block-dmfd 2
    hotplug block-dmfd remove 2; echo $?
    kill $held`);
  expect(stdout).toBe('0 \n0\n');
  expect(stderr).toMatch(
    /^dmfd: backend\/vbd\/3\/2: device \d+:0 is still there, held by process \d+ \(sleep\); it goes with its last holder\n$/,
  );
});

describe('with the service, without Node', () => {
  whileServed();

  test.each(sampleOf(FORMS, 7))(
    '%s %s (%s) is held by the backend alone, and goes with it',
    async (script, params, mode, reads, written, files) => {
      expect(await warm(formsOf(script, params, mode))).toBe(seenOf(reads, written, files));
    },
  );

  test('an error is told once, here and in xenstore', async () => {
    const output = await warm(`${FUNCTIONS}
      disk 1 overlay:/nowhere
      hotplug block-dmfd add 1 2>&1; echo "ended with $?"
      xs read $(path 1)/hotplug-error $(path 1)/hotplug-status; xs list $(path 1) | grep dmfd; true`);
    const error = 'overlay "/nowhere": cannot find it: ENOENT, no such file or directory';
    const hint = '  hint: check the name, or make the file: truncate -s 64M FILE';
    expect(output).toBe(`dmfd: ${error}\n${hint}\nended with 125\n${error}\nerror\n`);
  });

  thorough(
    'what waits for its backend holds up no other, and ends when the toolstack takes the disk back',
    async () => {
      const output = await warm(`${FUNCTIONS}${TRY}${UNTIL_SERVED}
      # Each process of the service waits for a moment, in case that is all, before it is known to be waiting.
      for n in 1 2 3; do try $n; sleep 1; until_served; done
      pgrep -fc '[d]mfd.js xen-hotplug'
      for n in 1 2 3 4; do dmfd ls -n -o name | sort | sed 's/-[0-9a-f]*$//' | tr '\\n' ' '; done
      for n in 1 2 3; do xs rm $(path $n); done
      wait`);
      const disks = 'xen-vbd-3-1 xen-vbd-3-2 xen-vbd-3-3 ';
      expect(output).toBe(`0\n${disks.repeat(4)}${'ended with 125\n'.repeat(3)}`);
    },
  );

  thorough(
    'a table that is not to be read at once has the script do it itself: the error is told as ever',
    async () => {
      const { stdout, cold } = await watched(`${FUNCTIONS}${UNTIL_SERVED}
      until_served
      mkdir -p /tmp/folder
      disk 1 table:/tmp/folder
      hotplug block-dmfd add 1 2>&1; echo "ended with $?"
      xs read $(path 1)/hotplug-error $(path 1)/hotplug-status`);
      const error = 'table file /tmp/folder: it is a directory';
      expect(stdout).toBe(`dmfd: ${error}\nended with 125\n${error}\nerror\n`);
      expect(cold).toEqual([expect.stringContaining('xen-hotplug')]);
    },
  );

  thorough('the service is killed while the backend is waited for: an error, and no second try', async () => {
    await sh(`${FUNCTIONS}${TRY}
      { try 1; wait; } >/tmp/ended 2>&1 & until xs read $(path 1)/physical-device >/dev/null 2>&1; do sleep 0.3; done`);
    await killService();
    expect(
      await sh(`${FUNCTIONS}
        for n in $(seq 100); do [ -s /tmp/ended ] && break; sleep 0.1; done; cat /tmp/ended; pgrep -f '[x]en-hotplug add'; true`),
    ).toBe('ended with 125\n');
    await startService();
  });
});
