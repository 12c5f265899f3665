import { afterAll, describe, expect, test } from 'vitest';
import { debianKernels } from '../../harness/kernel.js';
import { type OwnVm, startVm } from '../../harness/shared-vm.js';

describe.each(debianKernels)('a fresh guest with %s', async (kernel) => {
  const vm: OwnVm = await startVm(kernel, { logName: `harness-${kernel}` });
  afterAll(() => vm.close());

  test('has neither device-mapper nor loop loaded', async () => {
    const { stdout } = await vm.run(['lsmod']);
    expect(stdout).toMatch(/^9p /m);
    expect(stdout).not.toMatch(/^(dm_mod|loop) /m);
    expect((await vm.sh('grep -E "device-mapper|loop" /proc/devices')).stdout).toBe('');
  });

  test('has them loaded by modprobe', async () => {
    expect(await vm.sh('modprobe -a dm-mod loop && dmsetup version && losetup -f')).toMatchObject({
      code: 0,
    });
  });

  test('has modules loaded by the kernel itself', async () => {
    const result = await vm.sh('mkdir -p /tmp/m; mount -t xfs none /tmp/m; lsmod | grep "^xfs "');
    expect(result.stdout).toMatch(/^xfs /);
  });

  test('sees its own /proc, /sys, /dev, /run and /tmp, and no write reaches the host', async () => {
    const { stdout } = await vm.sh(
      'hostname; cat /proc/1/comm; ls /tmp /run/dmfd; touch /etc/written-by-guest',
    );
    expect(stdout).toMatch(/^dmfd-vm\nagent\n/);
    expect((await vm.sh('[ -e /run/dmfd/host/etc/written-by-guest ]')).code).toBe(1);
  });
});
