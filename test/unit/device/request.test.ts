import { describe, expect, test } from 'vitest';
import { checkRequest, type DeviceRequest } from '../../../src/device/request.js';
import { refusal } from '../support/refusal.js';

const ZERO = '0 8 zero';

describe('a request', () => {
  test('has defaults', () => {
    expect(checkRequest({ table: ZERO })).toEqual({
      name: expect.stringMatching(/^dmfd-[0-9a-f]{8}$/),
      uuid: expect.stringMatching(/^DMFD-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
      content: { table: [{ start: 0n, length: 8n, type: 'zero', params: '' }] },
      loop: [],
      messages: [],
      below: [],
      sharedLoop: false,
      readOnly: false,
      mode: 'auto',
      udev: 'quiet',
      udevWait: undefined,
      mapperLink: false,
      key: undefined,
    });
  });

  test('has a name that is mangled once at most, and what stands for itself in it stays', () => {
    const table = '0 8 linear {below} 0';
    const { name, below } = checkRequest({ name: 'a\\x5cx20b', table, below: [{ table: ZERO }] });
    expect([name, below[0]?.name]).toEqual(['a\\x20b', 'a\\x20b-0']);
  });

  test('has other defaults every time', () => {
    const [one, two] = [checkRequest({ table: ZERO }), checkRequest({ table: ZERO })];
    expect(one.name).not.toBe(two.name);
    expect(one.uuid).not.toBe(two.uuid);
  });

  test('keeps what was asked', () => {
    const asked: DeviceRequest = {
      name: 'mine',
      uuid: 'U-1',
      table: ['0 8 linear {loop1} 0', { label: 'L', text: '8 8 linear {loop0} 0' }],
      loop: ['a', 'b'],
      sharedLoop: true,
      readOnly: true,
      mode: 'fallback',
    };
    expect(checkRequest(asked)).toMatchObject({
      name: 'mine',
      uuid: 'U-1',
      loop: [{ path: 'a' }, { path: 'b' }],
      sharedLoop: true,
      readOnly: true,
      mode: 'fallback',
      content: { table: [{ params: '{loop1} 0' }, { params: '{loop0} 0' }] },
    });
  });

  test('of a table that says {sectorsN} is read when the files are known', () => {
    const table = '0 {sectors0} linear {loop0} 0';
    expect(checkRequest({ table, loop: ['a'] }).content).toEqual({
      sources: [{ label: 'table', text: table }],
    });
  });

  test('has no words in its comments, whose lines are counted', () => {
    const table = '# {loop1}, {below}\u2028{loop2}\r{key}\n 0 {sectors0} linear {loop0} 0\n\t# {sectors7}';
    expect(checkRequest({ table, loop: ['a'] }).content).toEqual({
      sources: [{ label: 'table', text: '\n 0 {sectors0} linear {loop0} 0\n' }],
    });
  });

  test('of encrypted segments has a random key as long as the cipher wants it', () => {
    const keyOf = (cipher?: string) =>
      checkRequest({
        segments: [{ target: 'crypt', backing: 'a', ...(cipher === undefined ? {} : { cipher }) }],
      }).key;
    expect(keyOf()).toEqual({ random: 512 });
    expect(keyOf('aes-cbc-essiv:sha256')).toEqual({ random: 256 });
    expect(checkRequest({ segments: [{ target: 'linear', backing: 'a' }] }).key).toBeUndefined();
  });

  test.each<[readOnly: boolean, request: DeviceRequest]>([
    [false, { segments: [{ target: 'linear', backing: 'a' }] }],
    [true, { segments: [{ target: 'linear', backing: 'a' }], readOnly: true }],
    [
      true,
      {
        segments: [
          { target: 'zero', size: 512n },
          { target: 'linear', backing: { path: 'a', readOnly: true } },
        ],
      },
    ],
    [true, { segments: [{ target: 'striped', backings: ['a', { path: 'b', readOnly: true }] }] }],
    [false, { segments: [{ target: 'snapshot', base: { path: 'a', readOnly: true } }] }],
    [false, { table: '0 8 linear {loop0} 0', loop: [{ path: 'a', readOnly: true }] }],
  ])('is read-only (%s) where a part of it is: %o', (readOnly, request) => {
    expect(checkRequest(request).readOnly).toBe(readOnly);
  });

  test.each<[request: DeviceRequest, message: RegExp, hint?: RegExp]>([
    [{ table: ZERO, name: '' }, /^device name "": it is empty$/],
    [{ table: ZERO, uuid: '' }, /^device UUID "": it is empty$/],
    [{ table: 'x' }, /^table, line 1: /],
    [{ table: [ZERO, 'x'] }, /^table 2, line 1: /],
    [{ table: [ZERO, { label: 'L', text: 'x' }] }, /^L, line 1: /],
    [{ table: [] }, /^the table: there is no table line in it$/],
    [
      { table: '0 8 linear {loop0} 0' },
      /^the table says \{loop0\}, but no loop file was given$/,
      /give the file as `loop`/,
    ],
    [
      { table: '0 8 linear {loop1} 0', loop: ['a'] },
      /^the table says \{loop1\}, but only 1 loop file\(s\) were given$/,
    ],
    [
      { table: '0 8 linear {loop0} 0', loop: ['a', 'b'] },
      /^loop file "b": the table does not use it$/,
      /\{loop1\}/,
    ],
    [{ table: ZERO, loop: ['a'] }, /^loop file "a": the table does not use it$/, /\{loop0\}/],
    [{ table: '0 8 linear {loop99999999999999999999} 0', loop: ['a'] }, /^the table says \{loop\d/],
    [{ table: '0 {sectors0} zero' }, /^the table says \{sectors0\}, but no loop file was given$/],
    [
      { table: '0 {sectors0} linear {loop0} {sectors1}', loop: ['a'] },
      /^the table says \{sectors1\}, but only 1 /,
    ],
    [{ table: '0 {sectors0} zero', loop: ['a'] }, /^loop file "a": the table does not use it$/],
    [
      { table: '0 {sectors0} crypt c {key} 0 {loop0} 0', loop: ['a'], key: { fd: 999_999 } },
      /^key descriptor 999999: it is not open$/,
    ],
    [
      { segments: [{ target: 'zero', size: 512n }], key: { random: 256 } },
      /^a key was given, but no segment is encrypted$/,
    ],
    [{ table: ZERO, udev: 'full', mapperLink: true }, /^property mapperLink: with udev: 'full', udev /],
    [{ table: ZERO, udevWait: 1 }, /^property udevWait: udev makes no links /, /`udev: 'full'`/],
    [{ table: ZERO, udev: 'none', udevWait: 1 }, /^property udevWait: /],
    [{ table: ZERO, udev: 'full', udevWait: -1 }, /^property udevWait is -1: it must be from 0 to 86400000$/],
    [{ table: ZERO, udev: 'full', udevWait: Number.NaN }, /^property udevWait is NaN: /],
    [{ table: ZERO, udev: 'full', udevWait: 86_400_001 }, /^property udevWait is 86400001: /],
    [
      { table: ZERO, udev: 'name-only' as 'quiet' },
      /^property udev is "name-only": it must be "quiet", "full" or "none"$/,
    ],
  ])('%o is refused', (request, message, hint) => {
    const error = refusal(() => checkRequest(request));
    expect(error).toMatchObject({ kind: 'usage', message: expect.stringMatching(message) });
    if (hint !== undefined) expect(error.hint).toMatch(hint);
  });
});
