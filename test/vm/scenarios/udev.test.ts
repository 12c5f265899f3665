import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { vmFile } from '../harness/checkout.js';
import { everything, expectNothingLeft, image, kernelKnows, sh, thorough, vm } from './support.js';

/** A shell function: waits at most 5 seconds for a condition. */
const UNTIL = 'until_() { n=0; until eval "$1" || [ $n -ge 100 ]; do n=$((n+1)); sleep 0.05; done; }';

/** A file system that begins where a device does, and not where the loop device under it begins. */
const INSIDE = '/tmp/inside.img,offset=1M';
/** But for /dev/block/MAJ:MIN, which udev makes for every block device. */
const LINKS = 'find /dev -path /dev/block -prune -o -type l -lname "*/dm-*" -print | sort';

/** What udev may leave of a device, and nobody may see when it is gone. */
const TRACES = `ls /dev/mapper; ${LINKS}
  find /run/udev -name "b$(awk '$2 == "device-mapper" { print $1 }' /proc/devices):*"; tail -n +2 /proc/sysvipc/sem`;

let withoutUdev: string;

beforeAll(async () => {
  await image('udev.img', 1);
  await sh('truncate -s 16M /tmp/inside.img; mkfs.ext4 -q -L inside -E offset=1048576 /tmp/inside.img 15M');
  withoutUdev = await sh('dmfd create early --zero 8 --udev full --udev-wait=600 -- echo started 2>&1');
  await vm.startUdev();
});

afterAll(async () => {
  await vm.stopUdev();
});

afterEach(async () => {
  await expectNothingLeft();
  expect(await sh(`udevadm settle; ${TRACES}`)).toBe('control\n');
});

test('where udevd does not run, its links are not waited for', () => {
  expect(withoutUdev).toBe(
    'dmfd: device early: udevd does not run (there is no /run/udev/control), and makes no links\nstarted\n',
  );
});

test('udev makes no link of a device unless it is asked to, and does not look into it', async () => {
  const output = await sh(`
    dmfd create linked --linear ${INSIDE} --wait-gone -- sh -c '
      ${UNTIL}; until_ "grep -qs DM_NAME /run/udev/data/b{dev}"; udevadm settle
      ${LINKS}; grep -E "^S:|^E:(DM_NAME|ID_FS)" /run/udev/data/b{dev}'`);
  expect(output).toBe('E:DM_NAME=linked\n');
});

test('all links that a device of dmsetup has are there when the command starts, and go with the device', async () => {
  const output = await sh(`
    dmfd create linked --linear ${INSIDE} --uuid U-1 --udev full --udev-wait=60 --wait-gone -- sh -c '${LINKS}'
    udevadm settle; echo none left:; ${LINKS}
    loop=$(losetup -f --show -o 1M /tmp/inside.img); sectors=$(blockdev --getsz $loop); losetup -d $loop
    loop=$(losetup -f --show /tmp/inside.img); udevadm settle
    echo "0 $sectors linear $loop 2048" | timeout 60 dmsetup create linked --uuid U-1
    ${LINKS}; timeout 60 dmsetup remove linked; losetup -d $loop; udevadm settle`);
  const [ours = '', theirs = ''] = output.replace(/by-diskseq\/\d+/g, 'by-diskseq/N').split('none left:\n');
  expect(ours.split('\n')).toEqual(
    expect.arrayContaining([
      '/dev/disk/by-id/dm-name-linked',
      '/dev/disk/by-id/dm-uuid-U-1',
      '/dev/disk/by-label/inside',
      '/dev/mapper/linked',
    ]),
  );
  expect(ours).toBe(theirs);
});

test('udev that is told nothing follows its rules, which make one link', async () => {
  const output = await sh(`
    dmfd create linked --linear ${INSIDE} --udev none --wait-gone -- sh -c '
      ${UNTIL}; until_ "grep -qs DM_NAME /run/udev/data/b{dev}"; udevadm settle
      ${LINKS}; grep -E "^E:DM_(NAME|.*FLAG)" /run/udev/data/b{dev}'`);
  expect(output).toMatch(/^\/dev\/mapper\/linked\n(E:DM_UDEV_DISABLE_.*\n)*E:DM_NAME=linked\n$/);
});

thorough('a wait for udev has an end, and a signal ends it before', async () => {
  const output = await sh(`
    udevadm settle; pkill -STOP -x systemd-udevd
    dmfd create linked --zero 8 --udev full --udev-wait=0.5 --wait-gone -- echo started 2>&1
    node ${vmFile('scenarios/udev/aborted.mjs')}
    pkill -CONT -x systemd-udevd; udevadm settle`);
  expect(output).toBe(
    'dmfd: device linked: udev has not made its links within 0.5 s; they may come later\nstarted\n',
  );
});

thorough(
  'one device after the other while udev is asked again and again to look at them all',
  async () => {
    // On a busy machine udevd works off less than can be asked of it: what it has to do is not to become ever more.
    const output = await sh(
      `touch /tmp/triggering; (while [ -e /tmp/triggering ]; do udevadm trigger --subsystem-match=block; udevadm settle --timeout=5; done) & loop=$!
    node ${vmFile('scenarios/udev/rounds.mjs')} /tmp/inside.img 50
    rm /tmp/triggering; wait $loop`,
      1_800_000,
    );
    expect(output).toBe('');
  },
  1_800_000,
);

test('creations in a row, each gone before the next: a worker that looks at one does not keep it', async () => {
  const count = everything ? 20 : 3;
  expect(await sh(`node ${vmFile('scenarios/library/in-a-row.mjs')} /tmp/udev.img ${count}`)).toBe(
    kernelKnows('diskseq') ? `${count}\n` : '1\n',
  );
});

thorough('creations at once', async () => {
  const count = 8;
  const output = await sh(`
    for i in $(seq ${count}); do dmfd create --table '0 8 zero' --wait-gone -- echo made || echo "failed: $?" & done; wait
    ls /sys/block | grep dm- || echo gone`);
  expect(output).toBe(`${'made\n'.repeat(count)}gone\n`);
});

test('a worker that has it open keeps it only until it closes it', async () => {
  const output = await sh(`${UNTIL}
    printf '#!/bin/sh\necho held >/run/holder; exec sleep 2 <"$DEVNAME"\n' >/tmp/hold; chmod +x /tmp/hold
    echo 'ACTION=="change", KERNEL=="dm-*", RUN+="/tmp/hold", RUN+="/bin/false"' >/etc/udev/rules.d/99-hold.rules
    ${vmFile('udev/reload.sh')}; rm -f /run/holder
    dmfd create looked-at --table '0 8 zero' -- sh -c '${UNTIL}; until_ "[ -s /run/holder ]"; cat /run/holder'
    ls /sys/block | grep -c dm-; ls /dev/mapper
    rm /etc/udev/rules.d/99-hold.rules; ${vmFile('udev/reload.sh')}
    until_ '! ls /sys/block | grep -q dm-'; ls /sys/block | grep dm- || echo gone
    grep -aoE "^dm-.*: Process '/bin/false' failed with exit code 1[.]$" /tmp/udevd.log | head -n 1`);
  // What udevd complains about is in its log.
  expect(output).toMatch(/^held\n1\ncontrol\ngone\ndm-\d+: .*\n$/);
});

test('a device that cannot be made leaves nothing with udev either', async () => {
  const { code } = await vm.sh(
    "dmfd create refused --table '0 8 linear /dev/nosuchdevice 0' --udev full -- true; status=$?; udevadm settle; find /dev /run/udev -name '*refused*'; exit $status",
  );
  expect(code).toBe(125);
});

test('udevd had nothing to complain about but the rule that fails on purpose', async () => {
  const complaints = await sh(
    "grep -aE '^(dm-|loop)[0-9]+: ' /tmp/udevd.log | grep -avE \": Process '/bin/false' failed with exit code 1[.]$\" || true",
  );
  expect(complaints).toBe('');
});
