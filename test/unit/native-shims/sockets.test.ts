import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { program } from '../../programs.js';
import { scratchFolder } from '../support/scratch.js';

/** The shim's own sources with a program around them, under AddressSanitizer, LeakSanitizer and UBSan. */
const runDriver = () =>
  spawnSync(program('sockets'), [scratchFolder()], { encoding: 'utf8', timeout: 20_000 });

test('a descriptor goes to service managers and servers of every type, and every refusal is told', () => {
  const { stdout, stderr, status } = runDriver();
  expect(stderr).toBe('');
  expect(stdout.split('\n')).toEqual([
    'notify: ok, owner: ours',
    'got: FDSTORE=1 FDNAME=mine with /dev/zero',
    'notify: ok, owner: unknown',
    'got: FDSTORE=1 FDNAME=mine with /dev/zero',
    'barrier got: BARRIER=1 with a pipe',
    'barrier: ok',
    'barrier of a deaf manager: ETIMEDOUT',
    ...['stream', 'seqpacket', 'dgram', 'stream', 'seqpacket', 'dgram'].flatMap((type) => [
      `send to ${type}: ok, unread: yes`,
      'got: payload with /dev/zero',
      'then unread: no',
    ]),
    'first part: xxxxxxxxxx with /dev/zero',
    'send much: ok',
    'received: 1048576',
    'send too much: a part',
    'got: 41 bytes with /dev/zero',
    'owner of a stream: ours, with an abstract name: ours',
    'owner of a seqpacket: ours, with an abstract name: ours',
    'owner of a dgram: ours, with an abstract name: unknown',
    'send to a path of 201 bytes: ok',
    'got: payload with /dev/zero',
    'send to a long path where nothing is: ENOENT',
    'an abstract name of 108 bytes: ENAMETOOLONG',
    'one of 107 that nobody has: ECONNREFUSED',
    'no such path: ENOENT',
    'no path at all: ENOENT',
    'a device: ECONNREFUSED',
    'a socket that a server left: ECONNREFUSED',
    'notify a stream: EPROTOTYPE',
    'no payload: EINVAL',
    'no descriptor: EBADF',
    'two that are not accepted: ok ok',
    'a third: EAGAIN',
    'unread: yes',
    'unread when the server has gone: no',
    'unread when it closed the connection: no',
    'unread of what is no socket: ENOTTY',
    'descriptors left open: 0',
    '',
  ]);
  expect(status).toBe(0);
});
