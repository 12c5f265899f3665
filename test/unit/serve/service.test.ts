import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkout } from '../../vm/harness/checkout.js';
import { executable } from '../support/distribution.js';
import { leaveSocket } from '../support/left-socket.js';
import { scratchFolder } from '../support/scratch.js';

const directory = scratchFolder();
const place = join(directory, 'run');
const socket = join(place, 'dmfd.sock');
const started: ChildProcess[] = [];

/** Resolves when it serves, or has ended; `said` has what it said until then. */
function serve(...options: string[]): Promise<{ service: ChildProcess; said: string }> {
  return serveFrom(executable(), ...options);
}

async function serveFrom(
  dmfd: string,
  ...options: string[]
): Promise<{ service: ChildProcess; said: string }> {
  const service = spawn(dmfd, ['serve', ...options], { stdio: ['ignore', 'ignore', 'pipe'] });
  started.push(service);
  let said = '';
  const ended = once(service, 'close');
  const serving = new Promise<void>((resolve) => {
    service.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (said.includes('serving')) resolve();
    });
  });
  await Promise.race([serving, ended]);
  return { service, said };
}

async function client(path = socket): Promise<Socket> {
  const connection = connect(path);
  await once(connection, 'connect');
  return connection;
}

/** What is answered, until the service says no more. */
async function answers(connection: Socket, ...calls: (object | string | Buffer)[]): Promise<unknown[]> {
  let text = '';
  connection.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  for (const call of calls) {
    const plain = typeof call === 'string' || Buffer.isBuffer(call);
    connection.write(plain ? call : `${JSON.stringify(call)}\0`);
  }
  // A client that sends no more still hears what it asked for.
  connection.end();
  await once(connection, 'close');
  return text
    .split('\0')
    .slice(0, -1)
    .map((answer) => JSON.parse(answer));
}

const INFO = { method: 'org.varlink.service.GetInfo' };
const isInfo = {
  parameters: expect.objectContaining({ product: 'dmfd', interfaces: ['org.varlink.service', 'io.dmfd'] }),
};
const failed = (message: RegExp) => ({
  error: 'io.dmfd.Failed',
  parameters: expect.objectContaining({
    kind: 'usage',
    message: expect.stringMatching(message),
    kernelLog: [],
  }),
});

beforeAll(async () => {
  const { said } = await serve('--directory', place);
  expect(said).toBe('dmfd: serving varlink and launcher\n');
});

afterAll(() => {
  for (const service of started) service.kill('SIGKILL');
});

test('the socket is its owner’s alone, in a directory that all can search', () => {
  expect(statSync(place).mode & 0o777).toBe(0o755);
  expect(statSync(socket).mode & 0o777).toBe(0o600);
});

test('the service tells what it is and what it can do', async () => {
  const describe = 'org.varlink.service.GetInterfaceDescription';
  const [info, own, general, absent] = await answers(
    await client(),
    INFO,
    { method: describe, parameters: { interface: 'io.dmfd' } },
    { method: describe, parameters: { interface: 'org.varlink.service' } },
    { method: describe, parameters: { interface: 'io.other' } },
  );
  expect(info).toEqual(isInfo);
  expect(own).toEqual({ parameters: { description: expect.stringContaining('\ninterface io.dmfd\n') } });
  expect(general).toEqual({ parameters: { description: expect.stringContaining('method GetInfo() ->') } });
  expect(absent).toEqual({
    error: 'org.varlink.service.InterfaceNotFound',
    parameters: { interface: 'io.other' },
  });
});

test.each<[what: string, call: object, error: string, parameters: object]>([
  ['an interface', { method: 'io.other.Create' }, 'InterfaceNotFound', { interface: 'io.other' }],
  ['a method', { method: 'io.dmfd.Destroy' }, 'MethodNotFound', { method: 'io.dmfd.Destroy' }],
  [
    'a method by an inherited name',
    { method: 'io.dmfd.toString' },
    'MethodNotFound',
    { method: 'io.dmfd.toString' },
  ],
  ['a method without an interface', { method: 'Create' }, 'InterfaceNotFound', { interface: '' }],
  ['a field', { method: 'io.dmfd.List', parameters: { al: true } }, 'InvalidParameter', { parameter: 'al' }],
  ['a value', { method: 'io.dmfd.List', parameters: { all: 1 } }, 'InvalidParameter', { parameter: 'all' }],
  ['parameters', { method: 'io.dmfd.List', parameters: [] }, 'InvalidParameter', { parameter: '' }],
  [
    'a value deep down',
    { method: 'io.dmfd.Create', parameters: { segments: [{ target: 'zero', size: '1M' }] } },
    'InvalidParameter',
    { parameter: 'segments[0].size' },
  ],
])('wrong in a call: %s; and the next one is answered', async (_, call, error, parameters) => {
  expect(await answers(await client(), call, INFO)).toEqual([
    { error: `org.varlink.service.${error}`, parameters },
    isInfo,
  ]);
});

test.each<[what: string, garbage: string | Buffer, message: RegExp]>([
  ['no JSON', '{"method":\0', /no JSON/],
  ['an empty message', '\0', /no JSON/],
  ['no object', '[]\0', /no call/],
  ['no method', '{"parameters":{}}\0', /no call/],
  ['a method that is no text', '{"method":5}\0', /no call/],
  ['an upgrade', '{"method":"io.dmfd.Probe","upgrade":true}\0', /upgrade/],
  ['no UTF-8', Buffer.from([0x22, 0xff, 0x22, 0]), /UTF-8/],
  ['JSON that is nested deeply', `${'['.repeat(1_000_000)}\0`, /no JSON/],
])('what cannot be understood is the last that is answered: %s', async (_, garbage, message) => {
  expect(await answers(await client(), INFO, garbage, INFO)).toEqual([isInfo, failed(message)]);
});

test('a message that has no end is answered, not kept', async () => {
  const connection = await client();
  connection.on('error', () => undefined);
  expect(await answers(connection, 'x'.repeat(17 * 1024 * 1024))).toEqual([
    failed(/more than 16777216 bytes/),
  ]);
});

test('a call that is oneway has no answer', async () => {
  expect(
    await answers(await client(), { ...INFO, oneway: true }, { method: 'x', oneway: true }, INFO),
  ).toEqual([isInfo]);
});

test('a client that says nothing, or goes in the middle, holds up nobody', async () => {
  const silent = await client();
  const leaving = await client();
  leaving.write('{"meth');
  leaving.destroy();
  expect(await answers(await client(), INFO)).toEqual([isInfo]);
  silent.destroy();
});

test('a second service says that one lives, and harms nothing', async () => {
  const { service, said } = await serve('--directory', place);
  expect(service.exitCode).toBe(125);
  expect(said).toMatch(/^dmfd: .*dmfd\.sock: another dmfd serves there/);
  expect(await answers(await client(), INFO)).toEqual([isInfo]);
});

test('what is no socket, or no directory, is left as it is', async () => {
  const other = mkdtempSync(join(directory, 'other-'));
  writeFileSync(join(other, 'dmfd.sock'), 'precious');
  expect((await serve('--directory', other)).said).toMatch(
    /dmfd\.sock: something else than a socket is there/,
  );
  expect(statSync(join(other, 'dmfd.sock')).size).toBe(8);
  expect((await serve('--directory', join(other, 'dmfd.sock'))).said).toMatch(
    /^dmfd: serve in .*dmfd\.sock: ENOTDIR, not a directory/,
  );
  expect((await serve('--directory', join(other, 'a/b'))).said).toMatch(/^dmfd: serve in .*a\/b: ENOENT, /);
});

test('the socket of a killed service is replaced; its own is removed at the end, and clients are let go', async () => {
  const other = mkdtempSync(join(directory, 'stale-'));
  const file = join(other, 'dmfd.sock');
  await leaveSocket(file);
  const { service, said } = await serve('--directory', other);
  expect(said).toContain('serving');
  const connection = connect(file);
  connection.write(`${JSON.stringify(INFO)}\0`);
  await once(connection, 'data');
  const ends = [once(service, 'close'), once(connection.resume(), 'close')];
  service.kill('SIGTERM');
  const [[code] = []] = await Promise.all(ends);
  expect(code).toBe(0);
  expect(existsSync(file)).toBe(false);
});

test('many clients at once are nothing to warn of, and one that stays does not hold up its end', async () => {
  const other = mkdtempSync(join(directory, 'many-'));
  const { service } = await serve('--directory', other, '--idle', '60');
  let said = '';
  service.stderr?.on('data', (text: string) => {
    said += text;
  });
  const clients = await Promise.all(Array.from({ length: 12 }, () => client(join(other, 'dmfd.sock'))));
  const [staying, ...others] = clients;
  for (const connection of others) expect(await answers(connection, INFO)).toEqual([isInfo]);
  service.kill('SIGTERM');
  staying?.resume();
  const [code] = await once(service, 'close');
  expect({ code, said }).toEqual({ code: 0, said: '' });
});

test('without clients it ends when it is told to', async () => {
  const other = mkdtempSync(join(directory, 'idle-'));
  const { service } = await serve('--directory', other, '--idle', '0.1');
  const [code] = service.exitCode === null ? await once(service, 'close') : [service.exitCode];
  expect(code).toBe(0);
  expect(existsSync(join(other, 'dmfd.sock'))).toBe(false);
});

describe('when another edition of dmfd has been installed', () => {
  /** A copy of the package with a service, and what a package manager does to one of its files. */
  async function installed() {
    const copy = mkdtempSync(join(directory, 'edition-'));
    const file = (path: string): string => join(copy, path);
    for (const part of [
      'dist',
      'bin',
      'package.json',
      'native-shims/build/dmfd',
      'native-shims/build/libdmfd.so',
    ])
      cpSync(join(checkout, part), file(part), { recursive: true });
    symlinkSync(join(checkout, 'node_modules'), file('node_modules'));
    const { service } = await serveFrom(file('native-shims/build/dmfd'), '--directory', file('run'));
    const upgrade = (path: string): void => {
      copyFileSync(file(path), file(`${path}.new`));
      renameSync(file(`${path}.new`), file(path));
    };
    return { service, socket: file('run/dmfd.sock'), upgrade };
  }

  const ask = (connection: Socket, call: object): void => {
    connection.write(`${JSON.stringify(call)}\0`);
  };

  /** Where something was sent that nobody has read, the end is ECONNRESET. */
  const over = (connection: Socket): Promise<unknown> =>
    new Promise((resolve) => connection.on('error', () => undefined).on('close', resolve));

  const LOADED = ['dist/module/worker.js', 'dist/command/dmfd.cjs', 'native-shims/build/libdmfd.so'];

  test.each(LOADED)('a call is left to the next service: %s', async (path) => {
    const { service, socket, upgrade } = await installed();
    const connection = await client(socket);
    ask(connection, INFO);
    await once(connection, 'data');
    upgrade(path);
    const ends = Promise.all([once(service, 'close'), answers(connection, INFO)]);
    expect(await ends).toEqual([[0, null], []]);
    expect(existsSync(socket)).toBe(false);
  });

  test('who connects is left to it, who waits for nothing is let go, and calls that run are over first', async () => {
    const { service, socket, upgrade } = await installed();
    const [idle, busy] = [await client(socket), await client(socket)];
    // More than the socket holds, for one who does not read.
    const describe = {
      method: 'org.varlink.service.GetInterfaceDescription',
      parameters: { interface: 'io.dmfd' },
    };
    busy.pause();
    for (let i = 0; i < 500; i++) ask(busy, describe);
    ask(idle, INFO);
    await once(idle, 'data');
    await sleep(300);
    upgrade('dist/module/worker.js');
    await Promise.all([over(connect(socket)), over(idle.resume())]);
    expect(existsSync(socket)).toBe(false);
    expect(service.exitCode).toBe(null);
    let text = '';
    busy.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    const [[code]] = await Promise.all([once(service, 'close'), over(busy.resume())]);
    expect(code).toBe(0);
    expect(text).toMatch(/\}\0$/);
    const count = text.split('\0').length - 1;
    expect(count).toBeGreaterThan(1);
    expect(count).toBeLessThan(500);
  });
});
