import { describe, expect, test } from 'vitest';
import { checkRequest, type DeviceRequest } from '../../src/device/request.js';
import { checkSwapRequest, type SwapRequest } from '../../src/swap/request.js';
import { refusal } from './support/refusal.js';

const table = '0 8 zero';

describe('a device request of the wrong type is a usage error that names the property', () => {
  test.each<[request: unknown, message: RegExp]>([
    [undefined, /^the request is undefined: it must be an object$/],
    [null, /^the request is null: /],
    ['0 8 zero', /^the request is "0 8 zero": /],
    [[], /^the request is \[\]: /],
    [{}, /^property table is missing: it must be a string, or an array/],
    [{ table: undefined }, /^property table is missing/],
    [
      { table: 5 },
      /^property table is a number: it must be a string, or an array of strings and of \{ label, text \}$/,
    ],
    [{ table: [5] }, /^property table is an array: /],
    [{ table: [{ text: 'x' }] }, /^property table is an array: /],
    [{ table, mode: 'bogus' }, /^property mode is "bogus": it must be "auto", "atomic" or "fallback"$/],
    [
      { table, loop: 'disk.img' },
      /^property loop is "disk.img": it must be an array of paths, or of objects with one$/,
    ],
    [{ table, loop: [1n] }, /^property loop is .+: it must be an array of paths, or of objects with one$/],
    [{ table, name: 5 }, /^property name is 5: it must be a string$/],
    [{ table, name: null }, /^property name is null: it must be a string$/],
    [{ table, uuid: 5n }, /^property uuid is 5n: it must be a string$/],
    [{ table, readOnly: 'yes' }, /^property readOnly is "yes": it must be true or false$/],
    [{ table, key: {} }, /^property key is an object: it must be \{ random: BITS \}, /],
    [{ table, key: { random: 'x' } }, /^property key is an object: /],
    [{ table, key: { random: 256, fd: 3 } }, /^property key is an object: /],
    [{ table, onStep: 'x' }, /^property onStep is "x": it must be a function$/],
    [{ table, toString: 'x' }, /^property "toString": there is none of that name$/],
    [{ table, constructor: 1 }, /^property "constructor": there is none of that name$/],
    [JSON.parse('{"table":"0 8 zero","__proto__":1}'), /^property "__proto__": there is none of that name$/],
    [Object.create({ table: 5 }), /^property table is a number: /],
    [{ table: Array(2) }, /^property table is an array: /],
    [{ table, key: 'a secret' }, /^property key is a string: it must be \{ /],
    [{ table, loop: Array(1) }, /^property loop is \[null\]: /],
    [{ table: Number.NaN }, /^property table is a number: /],
    [
      { table, name: 'disk\udcff' },
      /^property name: half of a surrogate pair stands in it, which is no character$/,
    ],
    [{ table: '0 8 linear /dev/\ud800 0' }, /^property table: half of a surrogate pair /],
    [{ table: [{ label: 'x', text: '\udcff' }] }, /^property table: half of a surrogate pair /],
    [{ table, key: { file: '/\udcff' } }, /^property key: half of a surrogate pair /],
    [{ table, loop: ['\udcff.img'] }, /^property loop: half of a surrogate pair /],
    [{ table, loop: [{ path: '\udcff.img' }] }, /^property loop: half of a surrogate pair /],
    [
      { segments: [{ target: 'linear', backing: '\udcff' }] },
      /^property segments.* half of a surrogate pair /,
    ],
    [
      { segments: [{ target: 'linear', backing: { path: '\udcff' } }] },
      /^property segments\[0\]\.backing: half of a surrogate pair /,
    ],
    [
      { segments: [{ target: 'striped', backings: ['a', { path: '\udcff' }] }] },
      /^property segments\[0\]\.backings: half of a surrogate pair /,
    ],
    [{ table, below: [{ name: '\udcff', table }] }, /^property below.*: half of a surrogate pair /],
    [
      { table: '0 8 linear {below} 0', below: [{ table, key: { file: '\udcff' } }] },
      /^property .*key: half of a surrogate pair /,
    ],
    [{ table, messages: [{ text: '\udcff' }] }, /^property messages.*: half of a surrogate pair /],
    [{ table, loop: [{ path: 'disk\0.img' }] }, /^property loop\[0\]\.path is "disk\\u0000.img": no path$/],
    [{ tabel: table }, /^property "tabel": there is none of that name$/],
    [{ table, loop: [{}] }, /^property loop\[0\]\.path is missing: it must be a string$/],
    [{ table, loop: ['a', { path: 5 }] }, /^property loop\[1\]\.path is 5: it must be a string$/],
    [
      { table, loop: [{ path: 'a', offset: 512 }] },
      /^property loop\[0\]\.offset is 512: it must be a bigint$/,
    ],
    [
      { table, loop: [{ path: 'a', ofset: 1n }] },
      /^property "loop\[0\]\.ofset": there is none of that name$/,
    ],
    [{ table, loop: [{ path: '' }] }, /^property loop\[0\]\.path is "": no path$/],
    [
      { table, loop: [{ path: 'a', offset: -1n }] },
      /^property loop\[0\]\.offset is -1n: it must not be negative$/,
    ],
    [
      { table, loop: [{ path: 'a', size: 513n }] },
      /^property loop\[0\]\.size is 513n: it must be a multiple of 512/,
    ],
    [
      { table, loop: [{ path: 'a', sectorSize: 8 }] },
      /^property loop\[0\]\.sectorSize is 8: it must be 512, 1024/,
    ],
    [
      { table, loop: [{ path: 'a', partition: 0 }] },
      /^property loop\[0\]\.partition is 0: partitions count from 1$/,
    ],
    [
      { table, segments: [{ target: 'zero', size: 512n }] },
      /^properties segments and table exclude each other$/,
    ],
    [{ segments: 5 }, /^property segments is a number: it must be an array of objects$/],
    [{ segments: [] }, /^property segments is empty/],
    [{ segments: ['linear'] }, /^property segments is an array: /],
    [{ segments: [{}] }, /^property segments\[0\]\.target is missing: it must be "linear", /],
    [
      { segments: [{ target: 'liner', backing: 'a' }] },
      /^property segments\[0\]\.target is "liner": it must be /,
    ],
    [
      { segments: [{ target: 'linear' }] },
      /^property segments\[0\]\.backing is missing: it must be a path, /,
    ],
    [{ segments: [{ target: 'linear', backing: 5 }] }, /^property segments\[0\]\.backing is 5: /],
    [{ segments: [{ target: 'linear', path: 'a' }] }, /^property "segments\[0\]\.path": there is none/],
    [
      { segments: [{ target: 'linear', backing: { path: 'a', size: 0n } }] },
      /^property segments\[0\]\.backing\.size is 0n: /,
    ],
    [{ segments: [{ target: 'zero', size: 513n }] }, /^property segments\[0\]\.size is 513n: /],
    [{ segments: [{ target: 'striped', backings: [] }] }, /^property segments\[0\]\.backings is \[\]: /],
    [
      { segments: [{ target: 'striped', backings: ['a'], chunk: 100n }] },
      /^property segments\[0\]\.chunk is 100n: it must be a multiple of 512/,
    ],
    [
      { segments: [{ target: 'delay', backing: 'a', read: -1 }] },
      /^property segments\[0\]\.read is -1: it must be a whole number from 0 to /,
    ],
    [
      { segments: [{ target: 'flakey', backing: 'a', up: 0, down: 0 }] },
      /^property segments\[0\]\.down is 0, as up is: one of them must be more$/,
    ],
    [
      { segments: [{ target: 'flakey', backing: 'a', up: 1, down: 0, features: ['drop'] }] },
      /^property segments\[0\]\.features\[0\] is "drop": it must be one of drop_writes, /,
    ],
    [
      { segments: [{ target: 'flakey', backing: 'a', up: 1, down: 0, features: [{ byte: 0 }] }] },
      /^property segments\[0\]\.features\[0\]\.byte is 0: it must be a whole number from 1 to /,
    ],
    [
      { segments: [{ target: 'snapshot', base: 'a', cow: { path: 'b', readOnly: true } }] },
      /^property segments\[0\]\.cow is read-only: it is where writes go$/,
    ],
    [
      { segments: [{ target: 'crypt', backing: 'a', sectorSize: 1024 }] },
      /^property segments\[0\]\.sectorSize is 1024: it must be 512 or 4096$/,
    ],
    [
      { segments: [{ target: 'crypt', backing: 'a', cipher: 'a b' }] },
      /^property segments\[0\]\.cipher is "a b": it must be one word$/,
    ],
  ])('case %#', (request, message) => {
    const error = refusal(() => checkRequest(request as DeviceRequest));
    expect(error).toMatchObject({ kind: 'usage', code: 'invalid-request' });
    expect(error.message).toMatch(message);
  });

  test('an unknown property is told which there are', () => {
    const error = refusal(() => checkRequest({ tabel: table } as unknown as DeviceRequest));
    expect(error.hint).toBe(
      'a request may have: name, uuid, table, loop, segments, readOnly, key, messages, below, sharedLoop, mode, udev, udevWait, mapperLink, onStep',
    );
  });

  test('undefined is as good as absent', () => {
    const request = { table, name: undefined, loop: undefined, key: undefined, mode: undefined };
    expect(checkRequest(request as unknown as DeviceRequest)).toMatchObject({ mode: 'auto', loop: [] });
  });
});

describe('a swap request likewise', () => {
  test.each<[request: unknown, message: RegExp]>([
    [undefined, /^the request is undefined: it must be an object$/],
    [null, /^the request is null: /],
    [5, /^the request is 5: /],
    [{}, /^property backing is missing: it must be a string$/],
    [{ backing: undefined }, /^property backing is missing: /],
    [{ backing: 7 }, /^property backing is 7: it must be a string$/],
    [{ backing: 'b', size: 5 }, /^property size is 5: it must be a bigint$/],
    [{ backing: 'b', offset: 5 }, /^property offset is 5: it must be a bigint$/],
    [{ backing: 'b', keySize: 512n }, /^property keySize is 512n: it must be a number$/],
    [
      { backing: 'b', mode: 'bogus' },
      /^property mode is "bogus": it must be "auto", "atomic" or "fallback"$/,
    ],
    [{ backing: 'b', onStep: 'x' }, /^property onStep is "x": it must be a function$/],
    [{ backing: 'b', priority: '5' }, /^property priority is "5": it must be a number$/],
    [
      { backing: 'b', discard: 'never' },
      /^property discard is "never": it must be "both", "once" or "pages"$/,
    ],
    [{ backing: 'b', noReadWorkqueue: 1 }, /^property noReadWorkqueue is 1: it must be true or false$/],
    [{ backing: '\udcff' }, /^property backing: half of a surrogate pair /],
    [{ backing: 'b', partition: '\udcff' }, /^property partition: half of a surrogate pair /],
    [{ backing: 'b\0' }, /^backing "b\\u0000": no path$/],
    [{ backing: 'b', table }, /^property "table": there is none of that name$/],
  ])('case %#', (request, message) => {
    const error = refusal(() => checkSwapRequest(request as SwapRequest));
    expect(error).toMatchObject({ kind: 'usage', code: 'invalid-request' });
    expect(error.message).toMatch(message);
  });
});
