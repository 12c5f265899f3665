import { join } from 'node:path';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { program } from '../../programs.js';
import { checkout } from '../../vm/harness/checkout.js';
import { findKernel } from '../../vm/harness/kernel.js';
import { unpackedXen } from '../../vm/harness/xen.js';
import { GONE, sh, vm } from '../../vm/scenarios/support.js';
import { unwatchNode, WORKERS, watched, watchNode } from '../../vm/scenarios/warm/service.js';
import { DOM0_KERNEL } from '../global-setup.js';
import { QUBES_LINES, TARGETS, XL_LINE } from './page.js';

/** The hotplug script in a real domain 0, run by libxl, with the kernel's own blkback. */
const xenFile = (name: string) => join(checkout, 'test/xen', name);
const { directory } = await findKernel(DOM0_KERNEL);
const FUNCTIONS = `export KERNEL_IMAGE='${directory}/bzImage' KILL_AT='${program('kill-at')}'\n. '${xenFile('scenarios/domains.sh')}'\n`;

beforeAll(async () => {
  await sh(`'${xenFile('scenarios/install.sh')}' && '${xenFile('dom0.sh')}' '${await unpackedXen()}'`);
  await sh(`'${xenFile('domain/build.sh')}' /tmp/domain.initrd`);
});

afterEach(async ({ task }) => {
  // Else, every row after it would find that, too, and its second try.
  if (task.result?.state === 'fail') await dom0('clean_up');
  await expectNothingLeft();
});

async function dom0(
  script: string,
  timeoutMs = 330_000,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await vm.sh(`${FUNCTIONS}\n${script}`, { timeoutMs });
  return { code, stdout, stderr };
}

/** In emulation, what the kernel destroys on its own takes it seconds. */
async function expectNothingLeft(): Promise<void> {
  const { stdout } = await vm.sh(
    `${GONE}\nfor _ in $(seq 120); do [ -n "$(leftovers)" ] || break; sleep 0.5; done; leftovers; echo 'that is all'`,
    { timeoutMs: 180_000 },
  );
  expect(stdout).toBe('that is all\n');
}

const FILES = 'files /tmp/files';

interface Form {
  readonly script: 'block-dmfd' | 'block-snapshot';
  /** With DIR for a directory of files. */
  readonly target: string;
  readonly reads: string;
  /** Those that have what was written. */
  readonly files: string;
  /** What has to be there, and its end. */
  readonly before?: string;
  readonly after?: string;
}

const FORMS: readonly Form[] = [
  { script: 'block-dmfd', target: 'DIR/plain', reads: 'plain', files: 'plain' },
  {
    script: 'block-dmfd',
    target: '/dev/loop5',
    reads: 'plain',
    files: 'plain',
    before: 'losetup /dev/loop5 DIR/plain',
    after: 'losetup -d /dev/loop5',
  },
  {
    script: 'block-dmfd',
    target: '/dev/mapper/named',
    reads: 'plain',
    files: 'plain',
    before: "losetup /dev/loop6 DIR/plain; dmsetup create named --table '0 2048 linear /dev/loop6 0'",
    after: 'dmsetup remove named; losetup -d /dev/loop6',
  },
  {
    script: 'block-dmfd',
    target: 'table:DIR/table',
    reads: 'plain',
    files: 'plain',
    before: `losetup /dev/loop7 DIR/plain
      printf '0 2048 linear /dev/loop7 0\\nthen\\n0 2048 linear {below} 0\\n' >DIR/table`,
    after: 'losetup -d /dev/loop7',
  },
  { script: 'block-dmfd', target: 'overlay:DIR/base', reads: 'base_', files: '' },
  { script: 'block-dmfd', target: 'overlay:DIR/base:DIR/cow', reads: 'base_', files: 'cow' },
  { script: 'block-dmfd', target: 'crypt:DIR/plain', reads: '00000', files: '' },
  { script: 'block-dmfd', target: 'crypt-overlay:DIR/base:DIR/cow', reads: 'base_', files: '' },
  { script: 'block-snapshot', target: 'DIR/base:DIR/cow', reads: 'base_', files: 'cow' },
  { script: 'block-snapshot', target: 'DIR/base:DIR/cow:DIR/cow2', reads: 'base_', files: 'cow2' },
];

/** The form with this directory. */
function formIn(
  directory: string,
  { script, target, before = ':', after = ':' }: Form,
): Required<Omit<Form, 'reads' | 'files'>> {
  const at = (text: string) => text.replaceAll('DIR', directory);
  return { script, target: at(target), before: at(before), after };
}

/** What the shell function of that name prints. */
const withText = (text: string, files: string) => `${text}: ${files} base intact`;

/** All forms are disks of a domain, below. */
const ATTACHED = FORMS.filter(({ target }) =>
  [
    '/dev/loop5',
    'overlay:DIR/base:DIR/cow',
    'crypt-overlay:DIR/base:DIR/cow',
    'DIR/base:DIR/cow:DIR/cow2',
  ].includes(target),
);

test.each(ATTACHED)('$script $target: attached to domain 0, and detached', async (form) => {
  const { script, target, before, after } = formIn('/tmp/files', form);
  const { code, stdout, stderr } = await dom0(`set -e
    ${FILES}
    ${before}
    script=${script} attach '${target}'
    pgrep -f '[x]en-hotplug' || echo 'no script is left'
    dd if=/dev/xvdz bs=512 count=1 status=none | head -c 5 | tr '\\0\\n' '0_'; echo
    printf written | dd of=/dev/xvdz bs=512 seek=8 conv=sync,fsync status=none
    dd if=/dev/xvdz iflag=direct bs=512 skip=8 count=1 status=none | head -c 7; echo
    detach
    ${after}
    with written /tmp/files`);
  expect({ code, stdout: stdout.split('\n'), stderr }).toEqual({
    code: 0,
    stdout: ['no script is left', form.reads, 'written', withText('written', form.files), ''],
    stderr: '',
  });
});

/** So many disks are attached at once: libxl kills a script after 40 s, and in emulation each takes seconds. */
const AT_ONCE = 4;

test.each(
  Array.from({ length: Math.ceil(FORMS.length / AT_ONCE) }, (_, index) => {
    const forms = FORMS.slice(AT_ONCE * index, AT_ONCE * (index + 1));
    return { forms, targets: forms.map(({ target }) => target).join(', ') };
  }),
)('$targets: the disks of a domain that writes to them and ends', async ({ forms }) => {
  const placed = forms.map((form, index) => formIn(`/tmp/files${index}`, form));
  const each = (line: (form: (typeof placed)[number], index: number) => string) =>
    placed.map(line).join('\n');
  const { code, stdout, stderr } = await dom0(`set -e
    ${each(({ before }, index) => `files /tmp/files${index}; ${before}`)}
    domain guest write ${placed.map(({ script, target }) => `'script=${script},target=${target}'`).join(' ')}
    until_ended guest
    ${each((_, index) => `said ${index}; with 'written by the domain' /tmp/files${index}`)}
    ${each(({ after }) => after)}`);
  expect({ code, stdout: stdout.trimEnd().split('\n'), stderr }).toEqual({
    code: 0,
    stdout: forms.flatMap(({ reads, files }) => [
      `sectors 2048, had: ${reads}, has: written by the domain`,
      withText('written by the domain', files),
    ]),
    stderr: '',
  });
});

test('docs/xen.md: each target is one of these forms', () => {
  const written = TARGETS.map((target) =>
    target
      .replace('PATH', 'DIR/plain')
      .replace('BASE', 'DIR/base')
      .replace('COW', 'DIR/cow')
      .replace('FILE', 'DIR/table'),
  );
  expect(written).toHaveLength(6);
  expect(FORMS.map(({ target }) => target)).toEqual(expect.arrayContaining(written));
});

test('docs/xen.md: the disk line for xl', async () => {
  const [, image] = /target=(.*)$/.exec(XL_LINE) ?? [];
  const { code, stdout, stderr } = await dom0(`set -e
    mkdir -p "$(dirname '${image}')"; pattern plain >'${image}'
    domain guest write '${XL_LINE}'
    until_ended guest
    said; grep -c 'written by the domain' '${image}'`);
  expect({ code, stdout, stderr }).toEqual({
    code: 0,
    stdout: 'sectors 2048, had: plain, has: written by the domain\n1\n',
    stderr: '',
  });
});

test.each(QUBES_LINES)('docs/xen.md: for Qubes, %s', async (line) => {
  const [, target = ''] = /target=(.*)$/.exec(line) ?? [];
  const names = [...target.matchAll(/\/dev\/mapper\/([^:]+)/g)].map(([, name]) => name);
  // The first volume is the base, if there are two.
  const isOverlay = names.length === 2;
  const { code, stdout, stderr } = await dom0(`set -e
    ${FILES}
    losetup /dev/loop5 /tmp/files/base; losetup /dev/loop6 /tmp/files/cow
    ${names.map((name, index) => `dmsetup create ${name} --table '0 2048 linear /dev/loop${isOverlay ? 5 + index : 6} 0'`).join('; ')}
    attach '${line}'
    dd if=/dev/xvdz bs=512 count=1 status=none | head -c 5 | tr '\\0\\n' '0_'; echo
    printf written | dd of=/dev/xvdz bs=512 seek=8 conv=sync,fsync status=none
    dd if=/dev/xvdz iflag=direct bs=512 skip=8 count=1 status=none | head -c 7; echo
    detach
    ${names.map((name) => `dmsetup remove ${name}`).join('; ')}
    losetup -d /dev/loop5; losetup -d /dev/loop6
    with written /tmp/files
    cmp -s -n 1048576 /tmp/files/cow /dev/zero || echo 'the volume is not zeros'`);
  expect({ code, stdout: stdout.split('\n'), stderr }).toEqual({
    code: 0,
    stdout: [
      isOverlay ? 'base_' : '00000',
      'written',
      withText('written', ''),
      'the volume is not zeros',
      '',
    ],
    stderr: '',
  });
});

test('with the service, a disk is attached and detached without Node', async () => {
  await watchNode();
  const service = await vm.start(['/usr/local/sbin/dmfd', 'serve'], { stdin: 'null', timeoutMs: 0 });
  try {
    await sh(`${FUNCTIONS} ${FILES}; ${WORKERS}\nsettled`);
    const { stdout, cold } = await watched(`${FUNCTIONS} set -e
      attach overlay:/tmp/files/base
      dd if=/dev/xvdz bs=512 count=1 status=none | head -c 4; echo
      detach`);
    expect({ stdout, cold }).toEqual({ stdout: 'base\n', cold: [] });
  } finally {
    service.signal('SIGKILL', 'session');
    await service.exited;
    await unwatchNode();
  }
});

test.each([
  ['destroyed while it has the disk open', 'hold', 'xl destroy guest'],
  ['crashed', 'crash', ':'],
])('a domain that is %s leaves nothing', async (_what, action, end) => {
  const { code, stdout, stderr } = await dom0(`set -e
    ${FILES}
    domain guest ${action} overlay:/tmp/files/base
    until_said
    said
    ${end}
    until_ended guest
    pattern base | cmp - /tmp/files/base`);
  expect({ code, stdout, stderr }).toEqual({
    code: 0,
    stdout: 'sectors 2048, had: base_, has: written by the domain\n',
    stderr: '',
  });
});

/** The blkfront of Linux 6.1, unlike that of 5.10, closes a disk that is open, so xl does not wait for it in vain. */
test.each(['', '--force'])(
  'a disk that is detached (%s) while the domain has it open goes, and the domain stays',
  async (force) => {
    const { code, stdout, stderr } = await dom0(`set -e
    ${FILES}
    domain guest hold overlay:/tmp/files/base
    until_said
    backend=/local/domain/0/backend/vbd/$(xl domid guest)/51712
    echo "state $(xenstore-read $backend/state)"
    xl block-detach ${force} guest xvda
    xl domid guest >/dev/null
    if says_no xenstore-exists $backend; then echo 'xenstore has forgotten it'; fi
    if until_so only_said_is_left; then echo 'it is gone'; fi
    xl destroy guest`);
    expect({ code, stdout: stdout.trimEnd().split('\n') }, stderr).toEqual({
      code: 0,
      stdout: ['state 4', 'xenstore has forgotten it', 'it is gone'],
    });
  },
);

test('a domain that reboots has a new overlay, and the old one goes', async () => {
  const { code, stdout, stderr } = await dom0(`set -e
    ${FILES}
    on_reboot=restart domain guest reboot overlay:/tmp/files/base
    until_said 1
    said 0; said 1
    until_ended guest
    pattern base | cmp - /tmp/files/base`);
  const says = 'sectors 2048, had: base_, has: written by the domain';
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: `${says}\n${says}\n`, stderr: '' });
});

/** There are no stub domains here: they need a processor that hardware virtualisation is for. */
test('a domain that is the device model of another has the device of its disk', async () => {
  const { code, stdout, stderr } = await dom0(`set -e
    ${FILES}
    attach overlay:/tmp/files/base
    domain guest hold overlay:/tmp/files/base
    until_said
    id=$(xl domid guest)
    told() { xenstore-read /local/domain/0/backend/vbd/$1/268441856/dmfd-made; }
    tell() { echo "$1: open $(dmsetup info -c --noheadings -o open -u "$uuid")"; }
    uuid=$(told 0 | sed 's/[^=]*=\\([^ ]*\\).*/\\1/')
    xenstore-write /local/domain/$id/target 0
    xl block-attach guest "$(disk xvdz overlay:/tmp/files/base)"
    xenstore-rm /local/domain/$id/target
    [ "$(told 0)" = "$(told $id)" ] && echo 'the same is told'
    tell both
    detach
    tell one
    xl destroy guest
    until_ended guest`);
  expect({ code, stdout, stderr }).toEqual({
    code: 0,
    stdout: 'the same is told\nboth: open 2\none: open 1\n',
    stderr: '',
  });
});

test('an error is told by xl, and leaves nothing', async () => {
  const { code, stderr } = await dom0('attach overlay:/nowhere');
  expect(code).not.toBe(0);
  expect(stderr).toContain('overlay "/nowhere": cannot find it: ENOENT');
  await expectNothingLeft();
  // xl keeps the disk in xenstore until it is told to detach it.
  const { stdout } = await dom0('forget; xenstore-list /local/domain/0/backend/vbd/0');
  expect(stdout).toBe('');
});

test('a script that reaches xenstored by /dev/xen/xenbus alone', async () => {
  const { code, stdout, stderr } = await dom0(`
    ${FILES}
    ln -sfn '${xenFile('scenarios/block-by-device.sh')}' /etc/xen/scripts/block-by-device
    script=block-by-device attach overlay:/tmp/files/base
    dd if=/dev/xvdz bs=512 count=1 status=none | head -c 4; echo
    detach
    xenstore-list /local/domain/0/backend/vbd/0
    script=block-by-device attach overlay:/nowhere
    forget`);
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'base\n' });
  expect(stderr).toContain('overlay "/nowhere": cannot find it: ENOENT');
});

/** All points are swept without Xen, which takes a fraction of the time: xen-hotplug.test.ts, in `make test-all`. */
test.each([
  ['xenstore-main', 3],
  ['shield', 2],
  ['group', 2],
])(
  'SIGKILL (%s) of the script leaves the disk or an error, and nothing when it is detached',
  async (who, size) => {
    const counted = await dom0(`set -e
    ${FILES}
    ln -sfn '${xenFile('scenarios/block-killed.sh')}' /etc/xen/scripts/block-killed
    echo ${who} 1000000 >/tmp/point
    script=block-killed attach overlay:/tmp/files/base
    detach
    sed -n 's/^points //p' /tmp/killed`);
    expect(counted).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\n$/) });
    const count = Number(counted.stdout);
    const points = Array.from({ length: size }, (_, index) => 1 + Math.floor((index * count) / size));
    for (const point of points) {
      const { stdout } = await dom0(`
      echo ${who} ${point} >/tmp/point
      if script=block-killed attach overlay:/tmp/files/base 2>/dev/null; then
        dd if=/dev/xvdz bs=512 count=1 status=none | head -c 4
        detach
      else
        echo error
        forget
      fi`);
      expect(stdout.trim(), `${who}, point ${point} of ${count}`).toMatch(/^(error|base)$/);
      await expectNothingLeft();
    }
    console.info(`${who}: ${points.length} of ${count} points`);
  },
);

const minutes = 60_000;

test(
  'twelve scripts at once, each killed at a random moment, leave nothing, though "remove" is not run',
  async () => {
    const manyDisks = (words: string) => dom0(`'${xenFile('many-disks.sh')}' ${words}`, 300_000);
    const whole = await manyDisks('time block-dmfd');
    // Each claims the UUID of its own device, a byte that no other waits for; nothing else is locked.
    expect(whole).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+ ms\nlocks of (\d+) runs: +\1 \S+ posix *\n/),
    });
    const seconds = Math.ceil(Number.parseInt(whole.stdout, 10) / 1000);
    const { code, stdout, stderr } = await manyDisks(`kill block-dmfd ${seconds}`);
    const [killed, ...left] = stdout.split('\n');
    expect({ code, left }, stderr).toEqual({
      code: 0,
      left: [
        'left without remove: 0 loop devices, 0 mapped devices',
        'left after remove: 0 loop devices, 0 mapped devices',
        '',
      ],
    });
    console.info(killed);
  },
  12 * minutes,
);

test('a frontend that closes and begins anew finds the same device', async () => {
  const { code, stdout, stderr } = await dom0(`set -e
    ${FILES}
    attach overlay:/tmp/files/base
    backend=/local/domain/0/backend/vbd/0/268441856
    frontend=$(xenstore-read $backend/frontend)
    has_state() { [ "$(xenstore-read $backend/state)" = $1 ]; }
    tell() { echo "$1: backend $(xenstore-read $backend/state), $(dmsetup info -c --noheadings -o open)"; }
    tell connected
    xenstore-write $frontend/state 6; until_so has_state 6; tell closed
    xenstore-write $frontend/state 1; until_so has_state 2; tell anew
    # Of its end, blkback hears from the frontend alone; the rest is the toolstack's.
    xenstore-write $backend/online 0; xenstore-write $frontend/state 6
    until_so no_mapped_device_is_left
    xenstore-rm $backend; xenstore-rm $frontend; xenstore-rm /libxl/0/device/vbd/268441856`);
  expect({ code, stdout, stderr }).toEqual({
    code: 0,
    stdout: 'connected: backend 4, 1\nclosed: backend 6, 1\nanew: backend 2, 1\n',
    stderr: '',
  });
});
