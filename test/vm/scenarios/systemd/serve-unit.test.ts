import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { checkout } from '../../harness/checkout.js';
import { python } from '../serve-client.js';
import { expectNothingLeft, image, sh, standing, thorough, vm } from '../support.js';
import { UNTIL_STARTED, unwatchNode, warm, watchNode } from '../warm/service.js';
import { addUnits, journal, show } from './units.js';

const unit = (name: string) => readFileSync(join(checkout, 'bin', name), 'utf8');

beforeAll(async () => {
  await image('served.img', 1);
  await sh(
    'fallocate -l 16M /run/served-swap && chmod 600 /run/served-swap && (umask 077; head -c 64 /dev/urandom >/tmp/key)',
  );
  await addUnits({
    'dmfd.socket': unit('dmfd.socket'),
    'dmfd-launcher.socket': unit('dmfd-launcher.socket'),
    // A minute is longer than a test may take.
    'dmfd.service': unit('dmfd.service').replace('--idle 60', '--idle 3'),
  });
  await sh('systemctl start dmfd.socket');
});

afterEach(expectNothingLeft);

afterAll(async () => {
  // Somebody who still comes has it started, which cancels the stop of its socket.
  await sh('for n in 1 2 3; do systemctl stop dmfd.socket dmfd-launcher.socket dmfd.service && break; done');
  expect(await sh('ls /run/dmfd')).not.toContain('sock');
});

thorough(
  'a client starts the service, which makes everything that it makes without a unit, and ends when nobody is there',
  async () => {
    expect(await show('dmfd.service', 'ActiveState')).toEqual({ ActiveState: 'inactive' });
    expect(await sh('stat --format="%a %U" /run/dmfd /run/dmfd/dmfd.sock')).toBe('755 root\n600 root\n');
    const { code, stdout, stderr } = await vm.run(
      python(`
answer, [fd] = call(
    'Create', name='served', table=['0 2048 crypt aes-xts-plain64 {key} 0 {loop0} 0'], loop=[{'path': '/tmp/served.img'}],
    key={'file': '/tmp/key'}, udev='full', udevWait=60000)
print(answer['device']['name'], answer['warnings'])
swap, _ = call('CreateSwap', backing='/run/served-swap', name='served-swap')
print(sorted(one['name'] for one in call('List')[0]['devices']))
print([word for word in call('Remove', device='served')[0]['holders'] if 'python' in word] != [])
print(call('Probe')[0]['reasons'])`),
      { timeoutMs: 120_000 },
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n')).toEqual(['served []', "['served', 'served-swap']", 'True', '[]', '']);
    await sh('swapoff /dev/dm-*');
    expect(
      await sh(`n=0; while systemctl is-active --quiet dmfd.service && [ $n -lt 600 ]; do n=$((n+1)); sleep 0.1; done
    systemctl show dmfd.service --property=ActiveState,Result; systemctl is-active dmfd.socket`),
    ).toBe('Result=success\nActiveState=inactive\nactive\n');
    expect(await journal('dmfd.service')).toContain('dmfd: serving varlink');
  },
);

thorough('a device outlives a service that is killed, and the next call starts another one', async () => {
  const client = await vm.start(
    python(
      "answer, [fd] = call('Create', name='kept', table=['0 8 zero'])\nprint('made', flush=True)\nsys.stdin.read()",
    ),
    { timeoutMs: 0 },
  );
  await client.waitForOutput(/made/, 60_000);
  await sh('systemctl kill --signal=KILL dmfd.service');
  expect(await standing()).toBe('dm: kept');
  const { stdout } = await vm.run(python("print([one['name'] for one in call('List')[0]['devices']])"), {
    timeoutMs: 60_000,
  });
  expect(stdout).toBe("['kept']\n");
  client.closeStdin();
  await client.exited;
});

test('the command starts the service by a socket of its own, is served from then on, and does without one that is gone', async () => {
  const create = "dmfd create mine --table '0 8 zero' -- sh -c 'echo \"$1\"' sh {name}";
  await sh('systemctl stop dmfd.socket dmfd.service');
  // In emulation, it needs seconds until it answers.
  await addUnits({ 'dmfd.service': unit('dmfd.service') });
  await sh('systemctl start dmfd-launcher.socket');
  await watchNode();
  try {
    // It does not wait for the service to come up.
    expect(await sh(create)).toBe('mine\n');
    expect(await show('dmfd.service', 'ActiveState')).toEqual({ ActiveState: 'active' });
    await sh(UNTIL_STARTED);
    expect(await warm(create)).toBe('mine\n');
    const swap = 'dmfd swap /run/served-swap >/dev/null; grep -c partition /proc/swaps; swapoff /dev/dm-0';
    expect(await warm(swap)).toBe('1\n');
    await sh('systemctl kill --signal=KILL dmfd.service');
    expect(await sh(create)).toBe('mine\n');
  } finally {
    await unwatchNode();
  }
});
