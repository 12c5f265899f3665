import { afterEach, expect, test } from 'vitest';
import {
  diskseqIn,
  expectedMode,
  expectNothingLeft,
  inBareDev,
  sh,
  standing,
  thorough,
  vm,
} from './support.js';

const HOLD = ['dmfd', 'create', 'held', '--table', '0 16 zero'];

afterEach(expectNothingLeft);

test('prints the path when the device is ready, and holds it', async () => {
  const dmfd = await vm.start(HOLD, { stdin: 'null' });
  await dmfd.waitForOutput(/\n/, 60_000);
  expect(dmfd.stdout).toMatch(/^\/dev\/dm-\d+\n$/);
  expect(await sh(`blockdev --getsize64 ${dmfd.stdout.trim()}`)).toBe('8192\n');
  expect(await standing()).toBe('dm: held');
  dmfd.signal('SIGTERM');
  expect(await dmfd.exited).toMatchObject({ code: 0, stderr: '' });
});

test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('lets go on %s', async (signal) => {
  const dmfd = await vm.start([...HOLD, '--wait-gone'], { stdin: 'null' });
  await dmfd.waitForOutput(/\n/, 60_000);
  dmfd.signal(signal);
  expect(await dmfd.exited).toMatchObject({ code: 0, stderr: '' });
  expect(await sh('ls /sys/block | grep -c dm- || true')).toBe('0\n');
});

test('lets go at the end of a piped standard input, and not before', async () => {
  const dmfd = await vm.start([...HOLD, '--json'], { stdin: 'pipe' });
  await dmfd.waitForOutput(/\n/, 60_000);
  const device = JSON.parse(dmfd.stdout);
  expect(device).toMatchObject({ name: 'held', size: 8192, mode: expectedMode, readonly: false, loops: [] });
  expect(
    await sh(`${diskseqIn(`/sys/dev/block/${device.dev}`)}; cat /sys/dev/block/${device.dev}/dm/uuid`),
  ).toBe(`${device.diskseq}\n${device.uuid}\n`);
  expect(device.path).toBe(`/dev/dm-${device.minor}`);
  expect(await sh(`stat -Lc %t:%T /proc/${device.pid}/fd/${device.fd}`)).toBe(
    `${device.major.toString(16)}:${device.minor.toString(16)}\n`,
  );
  dmfd.write('not the end');
  expect(await standing()).toBe('dm: held');
  dmfd.closeStdin();
  expect(await dmfd.exited).toMatchObject({ code: 0, stderr: '' });
});

thorough(
  'where /dev has no node, the path that is printed is that of a descriptor, for everyone',
  async () => {
    const script = `dmfd create held --table '0 16 zero' --json-fd 9 >/tmp/path 9>/tmp/events &
      until [ -s /tmp/path ]; do sleep 0.05; done; blockdev --getsize64 $(cat /tmp/path); kill $!; wait $!; cat /tmp/path`;
    const [size, path] = (await sh(inBareDev(script))).split('\n');
    expect([size, path]).toEqual(['8192', expect.stringMatching(/^\/proc\/\d+\/fd\/\d+$/)]);
    expect(JSON.parse(await sh('cat /tmp/events'))).toMatchObject({ event: 'created', path });
    const given = 'dmfd create given --table "0 16 zero" --json-fd 9 9>/tmp/events -- true';
    const [created = ''] = (await sh(inBareDev(`${given}; cat /tmp/events`))).split('\n');
    const { path: told, minor } = JSON.parse(created);
    expect(told).toBe(`/dev/dm-${minor}`);
  },
);

test('SIGKILL while holding leaves nothing', async () => {
  const dmfd = await vm.start(HOLD, { stdin: 'null' });
  await dmfd.waitForOutput(/\n/, 60_000);
  dmfd.signal('SIGKILL');
  expect(await dmfd.exited).toMatchObject({ signal: 'SIGKILL' });
});

test('a reader that is gone is an error, and the device goes', async () => {
  const { stdout } = await vm.sh(
    `(trap '' PIPE; sleep 1.5; dmfd create held --table '0 8 zero' </dev/null; echo $? >/tmp/status) | true; while [ ! -s /tmp/status ]; do sleep 0.1; done; cat /tmp/status`,
  );
  expect(stdout).toBe('125\n');
});
