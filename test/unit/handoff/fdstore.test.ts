import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fstatSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Device } from '../../../src/device/handle.js';
import { checkDescriptorName, findNotifySocket, storeDescriptor } from '../../../src/handoff/fdstore.js';
import { device, facts } from '../support/device.js';
import { leaveSocket } from '../support/left-socket.js';
import { refusal, rejection } from '../support/refusal.js';
import { scratchFolder } from '../support/scratch.js';

const directory = scratchFolder();

describe('the service manager is found', () => {
  test.each([['/run/systemd/notify'], ['@/org/freedesktop/systemd1/notify/1'], ['/odd\xff']])(
    'at %j',
    (socket) => {
      expect(findNotifySocket(['A=1', `NOTIFY_SOCKET=${socket}`, 'NOTIFY_SOCKETS=x'])).toBe(socket);
    },
  );

  test.each<[what: string, environment: string[], message: RegExp]>([
    ['no environment', [], /NOTIFY_SOCKET is not set/],
    ['an empty one', ['NOTIFY_SOCKET='], /NOTIFY_SOCKET is not set/],
    ['another name', ['XNOTIFY_SOCKET=/run/x'], /NOTIFY_SOCKET is not set/],
    ['a virtual machine', ['NOTIFY_SOCKET=vsock:2:1234'], /NOTIFY_SOCKET is vsock:2:1234: .*path/],
    ['a relative path', ['NOTIFY_SOCKET=run/x'], /NOTIFY_SOCKET is run\/x: .*path/],
  ])('but not in %s', (_what, environment, message) => {
    expect(refusal(() => findNotifySocket(environment))).toMatchObject({
      kind: 'usage',
      message: expect.stringMatching(message),
    });
  });
});

describe('the name of a stored descriptor', () => {
  test.each(['a', 'swap disk', '~!"#$%&()*+,-./', 'x'.repeat(255)])('can be %j', (name) => {
    expect(checkDescriptorName(name)).toBe(name);
  });

  test.each(['', 'a:b', 'a\nb', '\x1f', '\x7f', 'ü', '\u{1f4be}', 'x'.repeat(256)])(
    'cannot be %j',
    (name) => {
      expect(refusal(() => checkDescriptorName(name))).toMatchObject({
        kind: 'usage',
        hint: expect.stringContaining('1 to 255 ASCII characters'),
      });
    },
  );
});

describe('a manager that cannot be reached is told of, and the descriptor is ours still', () => {
  test.each<[what: string, socket: () => Promise<string>, errno: string, message: RegExp, hint: RegExp]>([
    ['nothing', async () => join(directory, 'nowhere'), 'ENOENT', /there is no such socket/, /has ended/],
    ['a device', async () => '/dev/null', 'ECONNREFUSED', /it is not a socket/, /^$/],
    [
      'a socket that was left',
      () => leaveSocket(join(directory, 'left')),
      'ECONNREFUSED',
      /nobody listens/,
      /has ended/,
    ],
    [
      'an abstract name nobody has',
      async () => '@dmfd-test-nobody',
      'ECONNREFUSED',
      /nobody listens/,
      /has ended/,
    ],
    ['too long a name', async () => `@${'n'.repeat(108)}`, 'ENAMETOOLONG', /name too long/, /107 bytes/],
  ])('%s', async (_what, socket, errno, message, hint) => {
    const fd = openSync('/dev/zero', 'r');
    const handle = device({ fd });
    const address = await socket();
    const error = await rejection(storeDescriptor(handle, address));
    expect(error).toMatchObject({ kind: 'system', errno, message: expect.stringMatching(message) });
    expect(error.message).toContain(`the service manager at ${address}: ${errno}`);
    expect(error.hint ?? '').toMatch(hint);
    expect(handle.fd).toBe(fd);
    expect(fstatSync(fd).isCharacterDevice()).toBe(true);
    closeSync(fd);
  });

  // Root alone can make a file somebody else's.
  test.runIf(process.getuid?.() === 0)('a socket of somebody else gets nothing', async () => {
    const path = join(directory, 'theirs');
    const script = `import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind(sys.argv[1]); os.chown(sys.argv[1], 65534, 0)
print("ready", flush=True); sys.stdin.readline(); s.setblocking(False)
try: print("got", s.recv(100))
except BlockingIOError: print("got nothing")`;
    const server = spawn('/usr/bin/python3', ['-c', script, path]);
    let said = '';
    server.stdout.on('data', (text) => {
      said += text;
    });
    await once(server.stdout, 'data');
    const fd = openSync('/dev/zero', 'r');
    const handle = device({ fd });
    const error = await rejection(storeDescriptor(handle, path));
    server.stdin.end('\n');
    await once(server, 'close');
    expect(error).toMatchObject({
      code: 'receiver-failed',
      message: `giving the descriptor to the service manager at ${path}: it is user 65534's, neither root's nor your own`,
      hint: expect.stringContaining('only a manager that runs as root'),
    });
    expect({ said, fd: handle.fd }).toEqual({ said: 'ready\ngot nothing\n', fd });
    closeSync(fd);
  });

  test('nor is it sent under a name that would be ignored', async () => {
    const handle = new Device(facts({ name: 'a:b' }), -1);
    expect(await rejection(storeDescriptor(handle, '/nowhere'))).toMatchObject({ kind: 'usage' });
  });
});
