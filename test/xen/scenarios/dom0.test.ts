import { join } from 'node:path';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { program } from '../../programs.js';
import { checkout } from '../../vm/harness/checkout.js';
import { findKernel } from '../../vm/harness/kernel.js';
import { unpackedXen } from '../../vm/harness/xen.js';
import { everything, expectNothingLeft, sampleOf, sh, vm } from '../../vm/scenarios/support.js';
import { DOM0_KERNEL } from '../global-setup.js';

/** The hotplug script in a real domain 0, run by libxl, with the kernel's own blkback. */
const xenFile = (name: string) => join(checkout, 'test/xen', name);
const { directory } = await findKernel(DOM0_KERNEL);
const FUNCTIONS = `export KERNEL_IMAGE='${directory}/bzImage' KILL_AT='${program('kill-at')}'\n. '${xenFile('scenarios/functions.sh')}'\n`;

beforeAll(async () => {
  await sh(`'${xenFile('dom0.sh')}' '${await unpackedXen()}' '${join(checkout, 'native-shims/build/dmfd')}'`);
  await sh(`'${xenFile('domain/build.sh')}' /tmp/domain.initrd`);
});

afterEach(expectNothingLeft);

async function dom0(script: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await vm.sh(`${FUNCTIONS}\n${script}`, { timeoutMs: 300_000 });
  return { code, stdout, stderr };
}

const FILES = `rm -f /tmp/plain /tmp/base /tmp/cow /tmp/cow2
  truncate -s 8M /tmp/cow /tmp/cow2; pattern base >/tmp/base; pattern plain >/tmp/plain`;

const FORMS: [script: string, target: string, reads: string, files: string][] = [
  ['block-dmfd', '/tmp/plain', 'plain', ' /tmp/plain'],
  ['block-dmfd', 'overlay:/tmp/base', 'base_', ''],
  ['block-dmfd', 'overlay:/tmp/base:/tmp/cow', 'base_', ' /tmp/cow'],
  ['block-dmfd', 'crypt:/tmp/plain', '00000', ''],
  ['block-dmfd', 'crypt-overlay:/tmp/base:/tmp/cow', 'base_', ''],
  ['block-snapshot', '/tmp/base:/tmp/cow', 'base_', ' /tmp/cow'],
  ['block-snapshot', '/tmp/base:/tmp/cow:/tmp/cow2', 'base_', ' /tmp/cow2'],
];

test.each(FORMS)('%s %s: attached to domain 0, and detached', async (script, target, reads, files) => {
  const { code, stdout, stderr } = await dom0(`set -e
    ${FILES}
    script=${script} attach '${target}'
    pgrep -f '[x]en-hotplug' || echo 'no script is left'
    dd if=/dev/xvdz bs=512 count=1 status=none | head -c 5 | tr '\\0\\n' '0_'; echo
    printf written | dd of=/dev/xvdz bs=512 seek=8 conv=sync,fsync status=none
    dd if=/dev/xvdz iflag=direct bs=512 skip=8 count=1 status=none | head -c 7; echo
    detach
    grep -l written /tmp/plain /tmp/base /tmp/cow /tmp/cow2 | sed 's/^/ /' | tr -d '\\n'; echo
    pattern base | cmp - /tmp/base`);
  expect({ code, stdout: stdout.split('\n'), stderr }).toEqual({
    code: 0,
    stdout: ['no script is left', reads, 'written', files, ''],
    stderr: '',
  });
});

test.each(sampleOf(FORMS, 4))(
  '%s %s: the disk of a domain that writes to it and ends',
  async (script, target, reads, files) => {
    const { code, stdout, stderr } = await dom0(`set -e
      ${FILES}
      script=${script} domain guest write '${target}'
      until_ended guest
      said
      grep -l 'written by the domain' /tmp/plain /tmp/base /tmp/cow /tmp/cow2 | sed 's/^/ /' | tr -d '\\n'; echo
      pattern base | cmp - /tmp/base`);
    expect({ code, stdout: stdout.split('\n'), stderr }).toEqual({
      code: 0,
      stdout: [`sectors 2048, had: ${reads}, has: written by the domain`, files, ''],
      stderr: '',
    });
  },
);

test.each([
  ['destroyed while it has the disk open', 'hold', 'xl destroy guest'],
  ['crashed', 'crash', ':'],
])('a domain that is %s leaves nothing', async (_what, action, end) => {
  const { code, stdout, stderr } = await dom0(`set -e
    ${FILES}
    domain guest ${action} overlay:/tmp/base
    until_said
    said
    ${end}
    until_ended guest
    pattern base | cmp - /tmp/base`);
  expect({ code, stdout, stderr }).toEqual({
    code: 0,
    stdout: 'sectors 2048, had: base_, has: written by the domain\n',
    stderr: '',
  });
});

test.each([
  ['', 'which xl waits for in vain first'],
  ['--force', 'at once'],
])(
  'a disk that is detached (%s) while the domain has it open goes, %s, and the domain stays',
  async (force) => {
    const { code, stdout } = await dom0(`set -e
    ${FILES}
    domain guest hold overlay:/tmp/base
    until_said
    xl block-detach ${force} guest xvda
    xl domid guest >/dev/null
    xenstore-exists /local/domain/0/backend/vbd/$(xl domid guest)/51712 || echo 'xenstore has forgotten it'
    gone_but_said() { ! losetup -nO BACK-FILE | grep -qv '^/tmp/said$'; }
    for _ in $(seq 100); do gone_but_said && break; sleep 0.1; done
    gone_but_said && echo 'it is gone'
    xl destroy guest`);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'xenstore has forgotten it\nit is gone\n' });
  },
);

test('a domain that reboots has a new overlay, and the old one goes', async () => {
  const { code, stdout, stderr } = await dom0(`set -e
    ${FILES}
    on_reboot=restart domain guest reboot overlay:/tmp/base
    until_said 1
    said 0; said 1
    until_ended guest
    pattern base | cmp - /tmp/base`);
  const says = 'sectors 2048, had: base_, has: written by the domain';
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: `${says}\n${says}\n`, stderr: '' });
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
    script=block-by-device attach overlay:/tmp/base
    dd if=/dev/xvdz bs=512 count=1 status=none | head -c 4; echo
    detach
    xenstore-list /local/domain/0/backend/vbd/0
    script=block-by-device attach overlay:/nowhere
    forget`);
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'base\n' });
  expect(stderr).toContain('overlay "/nowhere": cannot find it: ENOENT');
});

/** The sweeps of all points are done without Xen, which takes a fraction of the time: xen-hotplug.test.ts. */
test.each([
  ['main', everything ? 12 : 3],
  ['shield', everything ? 6 : 2],
  ['group', everything ? 6 : 2],
])(
  'SIGKILL (%s) of the script leaves the disk or an error, and nothing when it is detached',
  async (who, size) => {
    const counted = await dom0(`set -e
    ${FILES}
    ln -sfn '${xenFile('scenarios/block-killed.sh')}' /etc/xen/scripts/block-killed
    echo ${who} 1000000 >/tmp/point
    script=block-killed attach overlay:/tmp/base
    detach
    sed -n 's/^points //p' /tmp/killed`);
    expect(counted).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\n$/) });
    const count = Number(counted.stdout);
    const points = Array.from({ length: size }, (_, index) => 1 + Math.floor((index * count) / size));
    for (const point of points) {
      const { stdout } = await dom0(`
      echo ${who} ${point} >/tmp/point
      if script=block-killed attach overlay:/tmp/base 2>/dev/null; then
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

test('twelve scripts at once, each killed at a random moment, leave nothing, though "remove" is not run', async () => {
  const manyDisks = (words: string) => dom0(`'${xenFile('many-disks.sh')}' ${words}`);
  const whole = await manyDisks('time block-dmfd');
  expect(whole).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+ ms\n/) });
  const seconds = Math.ceil(Number.parseInt(whole.stdout, 10) / 1000);
  for (let round = 0; round < (everything ? 5 : 1); round++) {
    const { code, stdout } = await manyDisks(`kill block-dmfd ${seconds}`);
    const [killed, ...left] = stdout.split('\n');
    expect({ code, left }).toEqual({
      code: 0,
      left: [
        'left without remove: 0 loop devices, 0 mapped devices',
        'left after remove: 0 loop devices, 0 mapped devices',
        '',
      ],
    });
    console.info(killed);
  }
});

test('a frontend that closes and begins anew finds the same device', async () => {
  const { code, stdout, stderr } = await dom0(`set -e
    ${FILES}
    attach overlay:/tmp/base
    backend=/local/domain/0/backend/vbd/0/268441856
    frontend=$(xenstore-read $backend/frontend)
    until_state() { for _ in $(seq 100); do [ "$(xenstore-read $backend/state)" = $1 ] && break; sleep 0.1; done; }
    tell() { echo "$1: backend $(xenstore-read $backend/state), $(dmsetup info -c --noheadings -o open)"; }
    tell connected
    xenstore-write $frontend/state 6; until_state 6; tell closed
    xenstore-write $frontend/state 1; until_state 2; tell anew
    # Of its end, blkback hears from the frontend alone; the rest is the toolstack's.
    xenstore-write $backend/online 0; xenstore-write $frontend/state 6
    for _ in $(seq 100); do [ -z "$(ls -d /sys/block/dm-* 2>/dev/null)" ] && break; sleep 0.1; done
    xenstore-rm $backend; xenstore-rm $frontend; xenstore-rm /libxl/0/device/vbd/268441856`);
  expect({ code, stdout, stderr }).toEqual({
    code: 0,
    stdout: 'connected: backend 4, 1\nclosed: backend 6, 1\nanew: backend 2, 1\n',
    stderr: '',
  });
});
