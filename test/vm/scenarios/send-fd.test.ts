import { afterEach, beforeAll, expect, test } from 'vitest';
import { vmFile } from '../harness/checkout.js';
import type { GuestProcess } from '../harness/process.js';
import {
  everything,
  expectNothingLeft,
  image,
  inBareDev,
  sampleOf,
  sh,
  standing,
  thorough,
  vm,
} from './support.js';

const OVER_LOOP = "--loop /tmp/sent.img --table '0 2048 linear {loop0} 0'";

beforeAll(async () => {
  await image('sent.img', 1);
  await sh('printf hello | dd of=/tmp/sent.img conv=notrunc status=none');
});

afterEach(expectNothingLeft);

/** A server that listens already. */
async function receiver(type: string, address: string, action: string, uid = 0): Promise<GuestProcess> {
  const as = ['setpriv', `--reuid=${uid}`, '--clear-groups', '--inh-caps=-all'];
  const words = [vmFile('scenarios/receiver.py'), type, address, action];
  const process = await vm.start([...as, '/usr/bin/python3', '-SE', ...words], {
    timeoutMs: 0,
    stdin: 'null',
  });
  await process.waitForOutput(/ready\n/);
  return process;
}

async function kill(process: GuestProcess): Promise<void> {
  process.signal('SIGKILL');
  await process.exited;
}

const SERVERS: [type: string, address: string][] = [
  ['stream', '/tmp/receiver'],
  ['seqpacket', '@dmfd receiver'],
  ['dgram', `/tmp/${'d'.repeat(150)}/receiver`],
];

test.each(everything ? SERVERS : SERVERS.slice(0, 1))(
  'a %s server gets descriptor and description, and the device dies with it',
  async (type, address) => {
    const directory = address.startsWith('/') ? address.replace(/[^/]*$/, '') : '/tmp';
    await sh(`mkdir -p ${directory}`);
    // A path that is too long to be bound can be one to be reached.
    const bound = address.startsWith('/') ? '/tmp/bound' : address;
    const server = await receiver(type, bound, 'keep');
    if (bound !== address) await sh(`mv /tmp/bound ${address}`);
    const { code, stdout, stderr } = await vm.sh(`dmfd create sent ${OVER_LOOP} --send-fd '${address}'`);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: '' });
    const [, dev, content, json] = await server.waitForOutput(/^(\d+:\d+) (.{5}) (\{.*\})\n$/m);
    expect(content).toBe('hello');
    expect(JSON.parse(json ?? '')).toMatchObject({ name: 'sent', dev, size: 1 << 20, readonly: false });
    expect(await standing()).toBe('dm: sent\nloop: /tmp/sent.img');
    await kill(server);
    await expectNothingLeft();
  },
);

test('where /dev has no node, the receiver is told of none of the sender’s descriptors', async () => {
  const server = await receiver('stream', '/tmp/nodeless-receiver', 'keep');
  expect(
    await sh(inBareDev("dmfd create sent --table '0 16 zero' --send-fd /tmp/nodeless-receiver --json")),
  ).toMatch(/"path":"\/dev\/dm-\d+"/);
  const [, json] = await server.waitForOutput(/^\d+:\d+ .{5} (\{.*\})\n$/m);
  const { path, minor } = JSON.parse(json ?? '');
  expect(path).toBe(`/dev/dm-${minor}`);
  await kill(server);
});

thorough('a receiver that does not take it, or does not keep it, is told of', async () => {
  const actions = ['never', 'close', 'bytes'] as const;
  const servers = await Promise.all(actions.map((action) => receiver('stream', `/tmp/${action}`, action)));
  const [never, close, bytes] = await Promise.all(
    actions.map((action) => vm.sh(`dmfd create ${action} --table '0 8 zero' --send-fd /tmp/${action}`)),
  );
  expect(close).toMatchObject({ code: 125, stdout: '' });
  expect(close?.stderr).toMatch(
    /the server closed the connection|did not keep the descriptor\n {2}hint: it closed/,
  );
  expect(bytes).toMatchObject({ code: 125, stdout: '' });
  expect(bytes?.stderr).toContain(
    'dmfd: device bytes: the server at /tmp/bytes did not keep the descriptor\n',
  );
  expect(never).toMatchObject({ code: 125, stdout: '' });
  expect(never?.stderr).toMatch(
    /the server at \/tmp\/never did not read the descriptor within 10 s\n.*it waits in/,
  );
  // What was sent cannot be taken back: the socket's queue holds the device, as long as there is a server.
  expect(await standing()).toBe('dm: never');
  await Promise.all(servers.map(kill));
  await expectNothingLeft();
});

test('a server that is neither root’s nor the caller’s own gets nothing, unless it is named', async () => {
  const strangers = [
    ['stream', '@dmfd stranger'],
    ['dgram', '/tmp/stranger'],
  ] as const;
  for (const [type, address] of sampleOf(strangers, 2)) {
    const stranger = await receiver(type, address, 'keep', 65_534);
    const send = `dmfd create sent ${OVER_LOOP} --send-fd '${address}'`;
    for (const options of ['', '--send-to-uid 65533']) {
      const { code, stderr } = await vm.sh(`${send} ${options}`);
      expect({ code, stderr }).toEqual({
        code: 125,
        stderr: `dmfd: sending the descriptor to ${address}: it is user 65534's, neither root's nor your own\n  hint: a user that may have the device all the same is named with --send-to-uid UID\n`,
      });
      await expectNothingLeft();
    }
    expect(await vm.sh(`${send} --send-to-uid 65534`)).toMatchObject({ code: 0, stderr: '' });
    await stranger.waitForOutput(/^\d+:\d+ hello /m);
    await kill(stranger);
    await expectNothingLeft();
  }
});

test('where no server is, no device stays', async () => {
  const { code, stderr } = await vm.sh(`dmfd create ${OVER_LOOP} --send-fd /tmp/nowhere`);
  expect({ code, stderr }).toEqual({
    code: 125,
    stderr:
      'dmfd: sending the descriptor to /tmp/nowhere: ENOENT, there is no such socket\n  hint: start the receiver first\n',
  });
});
