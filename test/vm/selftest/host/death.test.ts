import { once } from 'node:events';
import { expect, test } from 'vitest';
import { consoleTail } from '../../harness/console-log.js';
import { Guest } from '../../harness/guest.js';
import { startMachine } from '../../harness/machine.js';
import { startSharedVm } from '../../harness/shared-vm.js';

const logName = 'harness-death';

test('a panic is an error for what runs, what comes later and who attaches later', async () => {
  const vm = await startSharedVm('debian-6.12', { logName });
  try {
    const guest = await Guest.attach(vm.socketPath);
    const running = await guest.start(['sleep', '1000'], { timeoutMs: 0 });
    await guest.sh('echo c >/proc/sysrq-trigger').catch(() => {});
    const report = /the guest kernel died \(debian-6\.12\)[\s\S]*console\.log[\s\S]*Kernel panic[\s\S]*sysrq/;
    await expect(running.exited).rejects.toThrow(report);
    await expect(guest.run(['true'])).rejects.toThrow(report);
    await expect(Guest.attach(vm.socketPath)).rejects.toThrow(report);
  } finally {
    await vm.close();
  }
});

test('a guest whose port the host closes powers off', async () => {
  const machine = await startMachine('debian-6.12', { logName });
  await once(machine.port, 'data');
  machine.port.destroy();
  await machine.died;
  expect(consoleTail(machine.consoleLog, 1)).toMatch(/reboot: Power down/);
});

test('a kernel that is nowhere is an error that names it', async () => {
  const vm = await startSharedVm('no-such-kernel', { logName });
  await expect(Guest.attach(vm.socketPath)).rejects.toThrow(/no kernel no-such-kernel/);
  await vm.close();
});
