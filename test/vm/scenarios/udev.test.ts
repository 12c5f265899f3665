import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { vmFile } from '../harness/checkout.js';
import { expectNothingLeft, image, kernelKnows, sh, vm } from './support.js';

const OVER_LOOP = "--loop /tmp/udev.img --table '0 2048 linear {loop0} 0'";

/** A shell function: waits at most 5 seconds for a condition. */
const UNTIL = 'until_() { n=0; until eval "$1" || [ $n -ge 100 ]; do n=$((n+1)); sleep 0.05; done; }';

beforeAll(async () => {
  await image('udev.img', 1);
  await vm.startUdev();
  // Another one, whose complaints can be read. One that does not end is killed, one that does not start is started again.
  await sh(`
    udevadm settle --timeout=30; udevadm control --exit --timeout=10; n=0
    while pgrep -x systemd-udevd >/dev/null; do
      n=$((n+1)); [ $n -lt 200 ] || pkill -KILL -x systemd-udevd; sleep 0.05
    done
    until udevadm control --ping --timeout=5 2>/dev/null; do
      pgrep -x systemd-udevd >/dev/null ||
        SYSTEMD_LOG_TARGET=console SYSTEMD_LOG_LEVEL=info setsid /usr/lib/systemd/systemd-udevd </dev/null >/tmp/udevd.log 2>&1 &
      sleep 0.5
    done`);
});

afterAll(async () => {
  await vm.stopUdev();
});

afterEach(async () => {
  await expectNothingLeft();
  await sh('udevadm settle; ! ls /dev/mapper | grep -v control');
});

test('/dev/mapper/NAME and the other links come while the device lives, and go with it', async () => {
  const output = await sh(`
    dmfd create linked ${OVER_LOOP} --wait-gone -- sh -c '
      ${UNTIL}; until_ "[ -e /dev/mapper/linked ]"
      readlink -f /dev/mapper/linked; echo {path}
      udevadm settle; ls -l /dev/disk/by-diskseq 2>/dev/null | grep -c {diskseq} || true'
    udevadm settle; ls /dev/mapper; find /dev -name '*linked*'`);
  const [link, path, , ...after] = output.trim().split('\n');
  expect(link).toMatch(/^\/dev\/dm-\d+$/);
  expect(path).toBe(link);
  expect(after).toEqual(['control']);
});

test('20 creations in a row, each gone before the next: a worker that looks at one does not keep it', async () => {
  expect(await sh(`node ${vmFile('scenarios/library/in-a-row.mjs')} /tmp/udev.img 20`)).toBe(
    kernelKnows('diskseq') ? '20\n' : '1\n',
  );
});

test('8 creations at once', async () => {
  const output = await sh(`
    for i in $(seq 8); do dmfd create --table '0 8 zero' --wait-gone -- echo made || echo "failed: $?" & done; wait
    ls /sys/block | grep dm- || echo gone`);
  expect(output).toBe(`${'made\n'.repeat(8)}gone\n`);
});

test('a worker that has it open keeps it only until it closes it', async () => {
  const output = await sh(`
    printf '#!/bin/sh\necho held >/run/holder; exec sleep 2 <"$DEVNAME"\n' >/tmp/hold; chmod +x /tmp/hold
    echo 'ACTION=="change", KERNEL=="dm-*", RUN+="/tmp/hold", RUN+="/bin/false"' >/etc/udev/rules.d/99-hold.rules
    udevadm control --reload; rm -f /run/holder
    dmfd create looked-at --table '0 8 zero' -- sh -c '${UNTIL}; until_ "[ -s /run/holder ]"; cat /run/holder'
    ls /sys/block | grep -c dm-; ls /dev/mapper
    rm /etc/udev/rules.d/99-hold.rules; udevadm settle; udevadm control --reload; sleep 0.3
    ls /sys/block | grep dm- || echo gone`);
  expect(output).toBe('held\n1\ncontrol\nlooked-at\ngone\n');
});

test('a device that cannot be made leaves nothing with udev either', async () => {
  const { code } = await vm.sh(
    "dmfd create refused --table '0 8 linear /dev/nosuchdevice 0' -- true; status=$?; udevadm settle; find /dev /run/udev -name '*refused*'; exit $status",
  );
  expect(code).toBe(125);
});

test('udevd had nothing to complain about but the rule that fails on purpose', async () => {
  const complaints = await sh("grep -aE '^(dm-|loop)[0-9]+: ' /tmp/udevd.log");
  expect(complaints).toMatch(/^dm-\d+: Process '\/bin\/false' failed with exit code 1\.\n$/);
});
