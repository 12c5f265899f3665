import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { storeDescriptor } from '../../../src/handoff/fdstore.js';
import { sendDescriptor } from '../../../src/handoff/send-fd.js';
import { socketFailed } from '../../../src/handoff/socket-failure.js';
import { device } from '../support/device.js';
import { leaveSocket } from '../support/left-socket.js';
import { rejection } from '../support/refusal.js';
import { scratchFolder } from '../support/scratch.js';

const directory = scratchFolder();

test.each<
  [what: string, socket: () => Promise<string> | string, errno: string, message: RegExp, hint: RegExp]
>([
  ['nothing', () => join(directory, 'nowhere'), 'ENOENT', /there is no such socket/, /start the receiver/],
  ['a directory', () => directory, 'ECONNREFUSED', /it is not a socket/, /^$/],
  ['a dead receiver', () => leaveSocket(join(directory, 'dead')), 'ECONNREFUSED', /nobody/, /start the rec/],
  [
    'one behind a path of 300 bytes',
    async () => {
      const far = join(directory, 'd'.repeat(150), 'e'.repeat(100));
      mkdirSync(far, { recursive: true });
      await leaveSocket(join(directory, 's'), join(far, 's'));
      return join(far, 's');
    },
    'ECONNREFUSED',
    /nobody listens/,
    /start the rec/,
  ],
  [
    'an abstract name',
    () => '@dmfd-test-nobody',
    'ECONNREFUSED',
    /@dmfd-test-nobody: .*nobody listens/,
    /start/,
  ],
])('%s is no receiver, and the descriptor is ours still', async (_what, socket, errno, message, hint) => {
  const fd = openSync('/dev/zero', 'r');
  const handle = device({ fd });
  const error = await rejection(sendDescriptor(handle, await socket(), '{}\n'));
  expect(error).toMatchObject({ kind: 'system', errno, message: expect.stringMatching(message) });
  expect(error.hint ?? '').toMatch(hint);
  expect(handle.fd).toBe(fd);
  closeSync(fd);
});

test('a socket of which nobody can tell whose it is gets nothing', async () => {
  const name = `dmfd-test-${process.pid}`;
  const script = `import socket, time; s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind("\\0${name}"); print("ready", flush=True); time.sleep(100)`;
  const server = spawn('/usr/bin/python3', ['-c', script]);
  await once(server.stdout, 'data');
  const fd = openSync('/dev/zero', 'r');
  const handle = device({ fd });
  const error = await rejection(sendDescriptor(handle, `@${name}`, '{}\n'));
  const stored = await rejection(storeDescriptor(handle, `@${name}`));
  server.kill();
  expect(error).toMatchObject({
    code: 'receiver-failed',
    message: `sending the descriptor to @${name}: nobody can tell whose it is, a datagram socket with an abstract name`,
    hint: expect.stringContaining('with a path'),
  });
  expect(stored).toMatchObject({
    code: 'receiver-failed',
    message: expect.stringContaining('nobody can tell'),
  });
  expect(handle.fd).toBe(fd);
  closeSync(fd);
});

test.each([
  ['EACCES', 'privilege', /^sending to \/s: EACCES, /, /write permission on the socket/],
  ['EPROTOTYPE', 'system', /it is a socket of another type/, /^$/],
  ['EAGAIN', 'system', /its queue stayed full/, /is it stopped/],
  ['EPIPE', 'system', /the server closed the connection/, /^$/],
  ['EMSGSIZE', 'system', /EMSGSIZE, message too long/, /too long for its buffer/],
] as const)('%s is told with what to do', (name, kind, message, hint) => {
  const use = { operation: 'sending to', address: '/s', serverHint: '' };
  const error = socketFailed(use, constants.errno[name]);
  expect(error).toMatchObject({ kind, errno: name, message: expect.stringMatching(message) });
  expect(error.hint ?? '').toMatch(hint);
});
