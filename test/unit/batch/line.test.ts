import { expect, test } from 'vitest';
import { idOf, orderOf, parseLine } from '../../../src/batch/line.js';
import { checkRequest } from '../../../src/device/request.js';

const order = (text: string | Buffer) => orderOf(parseLine(Buffer.from(text)));

test('a line is a request of the library', () => {
  const text = '{"name":"a","table":["0 8 zero",{"label":"mine","text":"8 8 error"}],"readOnly":true}\r';
  expect(order(text)).toEqual({
    request: { name: 'a', table: ['0 8 zero', { label: 'mine', text: '8 8 error' }], readOnly: true },
  });
});

test('numbers are bigints wherever the library has those, and only there', () => {
  const line = {
    below: [
      {
        name: 'lower',
        segments: [
          {
            target: 'linear',
            backing: { path: 'a', offset: 512, size: 1024, sectorSize: 512, partition: 1 },
          },
        ],
        key: { random: 512 },
        messages: [{ sector: 8, text: 'x' }],
      },
    ],
    segments: [
      { target: 'striped', backings: ['a', { path: 'b', size: 512 }], chunk: 65536 },
      { target: 'zero', size: 9007199254740480 },
      { target: 'snapshot', base: 'a', cow: 1048576 },
      { target: 'snapshot', base: 'a', cow: { path: 'c', offset: 0 } },
      { target: 'delay', backing: '{below}', read: 100 },
      {
        target: 'flakey',
        backing: '{below}',
        up: 1,
        down: 2,
        features: [{ byte: 1, direction: 'r', value: 0 }],
      },
    ],
    udev: 'full',
    udevWait: 10,
  };
  const request = {
    ...line,
    below: [
      {
        name: 'lower',
        segments: [
          {
            target: 'linear',
            backing: { path: 'a', offset: 512n, size: 1024n, sectorSize: 512, partition: 1 },
          },
        ],
        key: { random: 512 },
        messages: [{ sector: 8n, text: 'x' }],
      },
    ],
    segments: [
      { target: 'striped', backings: ['a', { path: 'b', size: 512n }], chunk: 65536n },
      { target: 'zero', size: 9007199254740480n },
      { target: 'snapshot', base: 'a', cow: 1048576n },
      { target: 'snapshot', base: 'a', cow: { path: 'c', offset: 0n } },
      ...line.segments.slice(4),
    ],
  };
  expect(order(JSON.stringify(line))).toEqual({ request });
});

test('what comes out of a line is checked as a request', () => {
  const made = order('{"name":"a","segments":[{"target":"zero","size":4096}],"mapperLink":true}');
  if (!('request' in made)) throw new Error('no request');
  expect(checkRequest(made.request)).toMatchObject({
    name: 'a',
    content: { segments: [{ target: 'zero', size: 4096n }] },
    mapperLink: true,
  });
});

test('a character of two halves is one, and a half of it in a path is refused with the request', () => {
  const made = (path: string) => order(`{"loop":["${path}"],"table":"0 8 linear {loop0} 0"}`);
  expect(made('\\ud83d\\udcbe.img')).toMatchObject({ request: { loop: ['\u{1f4be}.img'] } });
  expect(() => made('disk\\udcff.img')).toThrow(/^property loop: half of a surrogate pair /);
});

test('a line that releases', () => {
  expect(order('{"release":"a"}')).toEqual({ release: 'a' });
  expect(order('{"id":1,"release":"a"}')).toEqual({ release: 'a' });
});

test.each([
  ['{"id":7,"table":"0 8 zero"}', 7],
  ['{"id":"seven","release":"a"}', 'seven'],
  ['{"id":""}', ''],
  ['{"id":null}', undefined],
  // The answer would have another number.
  ['{"id":9007199254740993}', undefined],
  ['{"id":1e400}', undefined],
  ['{"id":-0.5}', -0.5],
  ['{"id":{}}', undefined],
  ['{}', undefined],
])('the id of %s is %j', (text, id) => {
  expect(idOf(parseLine(Buffer.from(text)))).toBe(id);
});

test('the byte order mark of a file is no part of its first line', () => {
  expect(order('\ufeff{"release":"a"}')).toEqual({ release: 'a' });
});

const NO_REQUEST = /^the line is no request: /;

test.each<[text: string | Buffer, message: RegExp, hint?: string]>([
  [
    'nonsense',
    /^the line is no request: it is not JSON: /,
    'each line is one request in JSON: {"name":"scratch","table":"0 2048 zero"}',
  ],
  ['{"name":"a', NO_REQUEST],
  ['{"name":"a"} {"name":"b"}', NO_REQUEST],
  ["{'name':'a'}", NO_REQUEST],
  ['{"size":1n}', NO_REQUEST],
  ['{"name":"a\0b"}', NO_REQUEST],
  ['\0', NO_REQUEST],
  [Buffer.from('{"name":"\xff"}', 'latin1'), /^the line is no request: it is not valid UTF-8$/],
  ['[]', /^the line is no request: it is not an object: /],
  ['"table"', /it is not an object/],
  ['null', /it is not an object/],
  ['12', /it is not an object/],
  [
    '{"frob":1}',
    /^property "frob": there is none of that name$/,
    'a request may have: id, name, uuid, table, loop, segments, readOnly, key, messages, below, sharedLoop, mode, udev, udevWait, mapperLink',
  ],
  ['{"__proto__":{"table":"0 8 zero"}}', /^property "__proto__": there is none of that name$/],
  ['{"onStep":null}', /^property "onStep": there is none of that name$/],
  ['{"table":5}', /^property table is a number: it must be a string, or an array/],
  ['{"name":null,"table":"0 8 zero"}', /^property name is null: it must be a string$/],
  [
    '{"id":true,"table":"0 8 zero"}',
    /^property id is true: it must be a string, or a number that is not above 2\^53$/,
  ],
  [
    '{"id":[],"release":"a"}',
    /^property id is \[\]: it must be a string, or a number that is not above 2\^53$/,
  ],
  ['{"name":"\\udcff","table":"0 8 zero"}', /^property name: half of a surrogate pair /],
  ['{"release":"\\udcff"}', /^property release: half of a surrogate pair /],
  ['{"release":5}', /^property release is 5: it must be a string$/],
  [
    '{"release":"a","table":"0 8 zero"}',
    /^property "table": there is none of that name$/,
    'a request may have: id, release',
  ],
  [
    '{"segments":[{"target":"zero","size":1.5}]}',
    /^property segments\[0\]\.size is 1\.5: it must be a whole number/,
  ],
  [
    '{"segments":[{"target":"zero","size":9007199254740993}]}',
    /^property segments\[0\]\.size is 9007199254740992: /,
  ],
  ['{"segments":[{"target":"zero","size":1e400}]}', /^property segments\[0\]\.size is Infinity: /],
  [
    '{"below":[{"table":"0 8 zero","messages":[{"sector":0.5,"text":"x"}]}],"table":"0 8 linear {below} 0"}',
    /^property below\[0\]\.messages\[0\]\.sector is 0\.5: /,
  ],
])('%s is refused', (text, message, hint) => {
  const refused = expect.objectContaining({
    code: 'invalid-request',
    kind: 'usage',
    message: expect.stringMatching(message),
    ...(hint === undefined ? {} : { hint }),
  });
  expect(() => order(text)).toThrow(refused);
});

test('lists within lists without end are refused as every other wrong value', () => {
  const text = `{"below":${'['.repeat(50_000)}${']'.repeat(50_000)},"table":"0 8 zero"}`;
  expect(() => order(text)).toThrow(/^property below is .*: it must be an array of objects$/);
});
