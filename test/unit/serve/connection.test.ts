import { closeSync, fstatSync, openSync } from 'node:fs';
import { afterAll, afterEach, expect, test } from 'vitest';
import { shim } from '../../../src/kernel/shim.js';
import { Watcher } from '../../../src/kernel/watcher.js';
import { Connection } from '../../../src/serve/connection.js';
import { rejection } from '../support/refusal.js';
import { scratchFolder } from '../support/scratch.js';

const directory = scratchFolder();
const watcher = new Watcher((error) => {
  throw error;
});
const place = openSync(directory, 'r');
const listener = shim.listen(place, Buffer.from('socket\0'));
let ends: Connection[] = [];

/** Both ends of a connection. */
function pair(): [Connection, Connection] {
  const client = shim.connect(Buffer.from(`${directory}/socket\0`), 0, 1000, Buffer.alloc(4));
  const [one, other] = [new Connection(watcher, client), new Connection(watcher, shim.accept(listener))];
  ends.push(one, other);
  return [one, other];
}

afterEach(() => {
  for (const end of ends) end.close();
  ends = [];
});

afterAll(async () => {
  await watcher.close();
  shim.close(listener);
  closeSync(place);
});

/** All that comes until the end. */
async function all(connection: Connection): Promise<{ bytes: Buffer; fds: number[] }> {
  const bytes: Buffer[] = [];
  const fds: number[] = [];
  for (let part = await connection.receive(); part !== undefined; part = await connection.receive()) {
    bytes.push(part.bytes);
    fds.push(...part.fds);
  }
  return { bytes: Buffer.concat(bytes), fds };
}

test('more than a socket holds goes as it is read, and descriptors with it', async () => {
  const [one, other] = pair();
  const message = Buffer.from(Array.from({ length: 1_000_000 }, (_, index) => index % 251));
  const sent = one.send(message, [place, listener]).then(() => one.close());
  const { bytes, fds } = await all(other);
  await sent;
  expect(bytes.equals(message)).toBe(true);
  expect(fds.map((fd) => fstatSync(fd).ino)).toEqual([fstatSync(place).ino, fstatSync(listener).ino]);
  for (const fd of fds) shim.close(fd);
});

test('a part ends with what descriptors came with', async () => {
  const [one, other] = pair();
  await one.send(Buffer.from('a'), [place]);
  await one.send(Buffer.from('b'));
  await one.send(
    Buffer.from('c'),
    Array.from({ length: 32 }, () => place),
  );
  await one.send(Buffer.from('d'));
  one.close();
  const parts = [];
  for (let part = await other.receive(); part !== undefined; part = await other.receive()) {
    parts.push([part.bytes.toString(), part.fds.length]);
    for (const fd of part.fds) shim.close(fd);
  }
  expect(parts).toEqual([
    ['a', 1],
    ['bc', 32],
    ['d', 0],
  ]);
});

test('that the other end has gone is known without reading, and what it sent before can be read', async () => {
  const [one, other] = pair();
  await one.send(Buffer.from('last'));
  expect(other.gone.aborted).toBe(false);
  const gone = new Promise((resolve) => other.gone.addEventListener('abort', resolve));
  one.close();
  await gone;
  expect((await other.receive())?.bytes.toString()).toBe('last');
  expect(await other.receive()).toBeUndefined();
  expect((await rejection(other.send(Buffer.from('x')))).errno).toBe('EPIPE');
});

test('who waits hears that it is closed', async () => {
  const [one, other] = pair();
  const received = other.receive();
  const full = rejection(one.send(Buffer.alloc(1_000_000)).then(() => one.send(Buffer.alloc(10_000_000))));
  expect((await received)?.bytes.length).toBeGreaterThan(0);
  const next = all(other);
  other.close();
  one.close();
  await next;
  expect((await full).code).toBe('receiver-failed');
  expect(one.gone.aborted && other.gone.aborted).toBe(true);
});
