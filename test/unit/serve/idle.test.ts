import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { Watcher } from '../../../src/kernel/watcher.js';
import { type Listener, openListeners } from '../../../src/serve/listeners.js';
import { type Protocol, Service } from '../../../src/serve/service.js';
import { scratchFolder } from '../support/scratch.js';

/** Milliseconds. */
const IDLE = 20;
const TRIES = 50;

const watcher = new Watcher((error) => {
  throw error;
});
afterAll(() => watcher.close());

function start(listeners: readonly Listener[], says: string): Service {
  const protocol: Protocol = async (connection) => {
    await connection.receive();
    await connection.send(Buffer.from(says));
  };
  const onBug = (error: unknown) => {
    throw error;
  };
  return new Service(watcher, listeners, { protocol, idle: IDLE, isOutdated: () => false, onBug });
}

/** What a client hears that asks; empty where nobody answers. */
async function ask(path: string): Promise<string> {
  const connection = connect(path);
  let heard = '';
  connection.setEncoding('utf8').on('data', (text: string) => {
    heard += text;
  });
  connection.on('error', () => undefined).end('?');
  await new Promise((resolve) => connection.on('close', resolve));
  return heard;
}

/** Many clients, each so long after a service has begun that the last one was just too late for one, or just not. */
async function atTheEnd(tryOne: (wait: Promise<void>) => Promise<string>): Promise<string[]> {
  const heard: string[] = [];
  let milliseconds = IDLE;
  for (let index = 0; index < TRIES; index++) {
    const answer = await tryOne(sleep(milliseconds));
    milliseconds = Math.max(0, milliseconds + (answer === 'first' ? 1 : -1));
    heard.push(answer);
  }
  return heard;
}

test('who connects while the service ends for want of clients is answered, by it or by the next one at the same socket', async () => {
  const directory = scratchFolder();
  const own = openListeners(directory);
  // They stay with the service manager.
  const lent = own.map((listener) => ({ ...listener, close: () => undefined }));
  const heard = await atTheEnd(async (wait) => {
    const ended = start(lent, 'first').run();
    await wait;
    let answer: string | undefined;
    const client = ask(join(directory, 'dmfd.sock')).then((text) => {
      answer = text;
    });
    await ended;
    while (answer === undefined) await start(lent, 'next').run();
    await client;
    return answer;
  });
  for (const listener of own) listener.close();
  expect(new Set(heard)).toEqual(new Set(['first', 'next']));
});

test('where the socket is its own and goes with it, such a client is answered, or hears at once that nobody does', async () => {
  const directory = scratchFolder();
  const heard = await atTheEnd(async (wait) => {
    const ended = start(openListeners(directory), 'first').run();
    await wait;
    const answer = await ask(join(directory, 'dmfd.sock'));
    await ended;
    expect(existsSync(join(directory, 'dmfd.sock'))).toBe(false);
    return answer;
  });
  expect(new Set(heard)).toEqual(new Set(['first', '']));
});
