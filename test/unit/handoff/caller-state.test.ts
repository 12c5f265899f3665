import { expect, test } from 'vitest';
import { callerDescriptors } from '../../../src/handoff/caller.js';
import { encodeCallerState, isIgnored, parseCallerState } from '../../../src/handoff/caller-state.js';
import { numbersOf } from '../../../src/kernel/layout.js';

const CALLER = numbersOf('caller', ['bytes', 'known', 'ignored', 'hard_descriptors'])();

const TEXT =
  'pid=12;ignored=8000000000000001;blocked=2;pending=2;nofile=1024:18446744073709551615;fds=0-2,9,62-64;launcher=/usr/sbin/dm fd;';

test('what the launcher noted is read', () => {
  const state = parseCallerState(TEXT, 12);
  expect(state).toEqual({
    ignored: 0x8000_0000_0000_0001n,
    blocked: 2n,
    pending: 2n,
    softDescriptors: 1024n,
    hardDescriptors: 0xffff_ffff_ffff_ffffn,
    descriptors: [0, 1, 2, 9, 62, 63, 64],
    launcher: '/usr/sbin/dm fd;',
  });
  expect([1, 2, 63, 64].map((signal) => isIgnored(state, signal))).toEqual([true, false, false, true]);
  expect(callerDescriptors(state)).toEqual([0, 1, 2, 9, 62, 63, 64]);
  const encoded = encodeCallerState(state);
  expect(encoded.readUInt32LE(CALLER.known)).toBe(1);
  expect(encoded.readBigUInt64LE(CALLER.ignored)).toBe(0x8000_0000_0000_0001n);
  expect(encoded.readBigUInt64LE(CALLER.hard_descriptors)).toBe(0xffff_ffff_ffff_ffffn);
});

test('no descriptors at all are none', () => {
  const text = 'pid=1;ignored=0;blocked=0;pending=0;nofile=4:4;fds=;launcher=';
  expect(parseCallerState(text, 1)?.descriptors).toEqual([]);
});

test.each([
  ['nothing', ''],
  ['what another process was given', TEXT.replace('pid=12', 'pid=13')],
  ['half of it', TEXT.slice(0, -40)],
  ['something else', 'yes'],
])('%s is not taken for it', (_what, text) => {
  expect(parseCallerState(text, 12)).toBeUndefined();
});

test('where nothing is known, nothing is ignored and nothing restored', () => {
  expect(isIgnored(undefined, 1)).toBe(false);
  expect(encodeCallerState(undefined)).toEqual(Buffer.alloc(CALLER.bytes));
});
