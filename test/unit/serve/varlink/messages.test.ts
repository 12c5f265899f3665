import { closeSync, openSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Part } from '../../../../src/serve/connection.js';
import {
  Garbled,
  LONGEST_MESSAGE,
  MOST_DESCRIPTORS,
  messagesOf,
} from '../../../../src/serve/varlink/messages.js';

/** The messages of what comes in these parts. */
function messages(...parts: (string | Buffer | Part)[]) {
  const left = parts.map((part) =>
    typeof part === 'string' || Buffer.isBuffer(part) ? { bytes: Buffer.from(part), fds: [] } : part,
  );
  return messagesOf({ receive: async () => left.shift() });
}

test.each<[what: string, parts: string[], texts: string[]]>([
  ['one', ['{}\0'], ['{}']],
  ['several in one part', ['a\0b\0\0c\0'], ['a', 'b', '', 'c']],
  ['one in several parts', ['a', 'b', 'c\0d', '\0'], ['abc', 'd']],
  ['one that does not end', ['a\0b'], ['a']],
  ['none', [], []],
])('%s', async (_, parts, texts) => {
  const found = [];
  for await (const { text } of messages(...parts)) found.push(text);
  expect(found).toEqual(texts);
});

test('a character may come in two parts', async () => {
  const bytes = Buffer.from('ä\0');
  for await (const { text } of messages(bytes.subarray(0, 1), bytes.subarray(1))) expect(text).toBe('ä');
  expect.assertions(1);
});

test('descriptors belong to the last message that begins in the part that they end', async () => {
  const parts: Part[] = [
    { bytes: Buffer.from('a\0'), fds: [5] },
    { bytes: Buffer.from('b\0c'), fds: [6] },
    { bytes: Buffer.from('c'), fds: [7] },
    { bytes: Buffer.from('\0d\0'), fds: [8, 9] },
    { bytes: Buffer.from('e\0f\0'), fds: [] },
  ];
  const found = [];
  for await (const message of messages(...parts)) found.push(message);
  expect(found).toEqual([
    { text: 'a', fds: [5] },
    { text: 'b', fds: [] },
    { text: 'cc', fds: [6, 7] },
    { text: 'd', fds: [8, 9] },
    { text: 'e', fds: [] },
    { text: 'f', fds: [] },
  ]);
});

test('those of a message that does not end are closed', async () => {
  const fd = openSync('/dev/null', 'r');
  for await (const _ of messages({ bytes: Buffer.from('a'), fds: [fd] })) expect.unreachable();
  expect(closeThoseLeft([fd])).toEqual([]);
});

test('with more descriptors than one message may have, all are closed', async () => {
  const fds = Array.from({ length: MOST_DESCRIPTORS + 1 }, () => openSync('/dev/null', 'r'));
  const parts = fds.map((fd) => ({ bytes: Buffer.from('a'), fds: [fd] }));
  const failure = messages(...parts)
    .next()
    .catch((error: unknown) => error);
  expect(String(await failure)).toMatch(/more than 32 descriptors/);
  expect(closeThoseLeft(fds)).toEqual([]);
});

test('of a message in many small parts, its bytes are kept, and not what they were received into', async () => {
  const room = Buffer.alloc(64 * 1024);
  const expected = `${'abcdefghij'.repeat(10_000)}`;
  let at = 0;
  const receive = async () => {
    room.write(expected.charAt(at++) || '\0');
    return { bytes: room.subarray(0, 1), fds: [] };
  };
  const { value } = await messagesOf({ receive }).next();
  expect(value?.text === expected).toBe(true);
});

test.each([
  ['bytes that are no UTF-8', () => messages(Buffer.from([0xff, 0])), /UTF-8/],
  [
    'one that is too long',
    () => messages(...Array.from({ length: 17 }, () => Buffer.alloc(LONGEST_MESSAGE / 16, 'x'))),
    /more than 16777216 bytes/,
  ],
])('%s', async (_, start, words) => {
  const failure = await start()
    .next()
    .then(
      () => undefined,
      (error: unknown) => error,
    );
  expect(failure).toBeInstanceOf(Garbled);
  expect(String(failure)).toMatch(words);
});

/** Those that are still open. */
function closeThoseLeft(fds: readonly number[]): number[] {
  return fds.filter((fd) => {
    try {
      closeSync(fd);
      return true;
    } catch {
      return false;
    }
  });
}
