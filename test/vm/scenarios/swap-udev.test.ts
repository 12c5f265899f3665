import { afterAll, beforeAll, expect, test } from 'vitest';
import { vmFile } from '../harness/checkout.js';
import { expectNothingLeft, GONE, sh, vm } from './support.js';

const FILE = '/tmp/swap-udev.img';

beforeAll(async () => {
  await sh(`truncate -s 16M ${FILE}; dmfd swap ${FILE}; swapoff -a`);
  await vm.startUdev();
});

afterAll(async () => {
  await vm.stopUdev();
  await expectNothingLeft();
});

/**
 * What the reports of encrypted swap that fails to come up at boot have in common: something waits until udev has found a swap
 * signature on the new device, which udev looked for before it was there, or was told not to look for.
 */
test('swap is up when dmfd ends, whatever udev makes of the device, and gone after swapoff', async () => {
  const output = await sh(`${GONE}
    printf '#!/bin/sh\\necho seen >/run/seen; exec sleep 0.5 <"$DEVNAME"\\n' >/tmp/look; chmod +x /tmp/look
    cat >/etc/udev/rules.d/99-never-ready.rules <<'END'
ACTION!="remove", KERNEL=="dm-*", ENV{SYSTEMD_READY}="0", ENV{ID_FS_TYPE}="hfsplus", RUN+="/tmp/look"
END
    ${vmFile('udev/reload.sh')}; rm -f /run/seen
    for run in 1 2; do
      dmfd swap ${FILE} --name run$run 2>&1 >/dev/null; awk 'END { print $1, $3 }' /proc/swaps
      n=0; until [ -e /dev/mapper/run$run ] || [ $n = 100 ]; do n=$((n+1)); sleep 0.05; done
      swapoff /dev/mapper/run$run
    done
    udevadm settle; gone; ls /dev/mapper; cat /run/seen
    rm /etc/udev/rules.d/99-never-ready.rules; ${vmFile('udev/reload.sh')}`);
  expect(output).toMatch(/^\/dev\/dm-\d+ 16380\n\/dev\/dm-\d+ 16380\n\ncontrol\nseen\n$/);
});

test('a block device that udev looks at, under its lock, is waited for', async () => {
  // Until dmfd has tried twice.
  const output = await sh(`loop=$(losetup -f --show ${FILE}); udevadm settle; rm -f /tmp/tried /tmp/locked
    (exec 7<$loop; flock -s 7; touch /tmp/locked
     for n in $(seq 300); do [ "$(grep -c EAGAIN /tmp/tried 2>/dev/null)" -ge 2 ] 2>/dev/null && break; sleep 0.1; done; echo unlocked) &
    until [ -e /tmp/locked ]; do sleep 0.05; done
    udevadm trigger $loop; strace --seccomp-bpf -f -qq -e trace=flock -o /tmp/tried dmfd swap $loop
    swapoff /dev/dm-*; udevadm settle; losetup -d $loop`);
  expect(output).toMatch(/^unlocked\n\/dev\/dm-\d+ is encrypted swap, .*\n$/);
});
