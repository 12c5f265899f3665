import { describe, expect, test } from 'vitest';
import { checkRequest, type DeviceRequest, substituteLoops } from '../../../src/device/request.js';
import { refusal } from '../support/refusal.js';

const ZERO = '0 8 zero';

describe('a request', () => {
  test('has defaults', () => {
    expect(checkRequest({ table: ZERO })).toEqual({
      name: expect.stringMatching(/^dmfd-[0-9a-f]{8}$/),
      uuid: expect.stringMatching(/^DMFD-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
      table: [{ start: 0n, length: 8n, type: 'zero', params: '' }],
      loop: [],
      sharedLoop: false,
      readOnly: false,
      mode: 'auto',
      key: undefined,
    });
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
      loop: ['a', 'b'],
      sharedLoop: true,
      readOnly: true,
      mode: 'fallback',
      table: [{ params: '{loop1} 0' }, { params: '{loop0} 0' }],
    });
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
    [{ table: '0 8 linear {loop99999999999999999999} 0', loop: ['a'] }, /^the table says \{loop9+\}/],
  ])('%j is refused', (request, message, hint) => {
    const error = refusal(() => checkRequest(request));
    expect(error).toMatchObject({ kind: 'usage', message: expect.stringMatching(message) });
    if (hint !== undefined) expect(error.hint).toMatch(hint);
  });
});

describe('the loop devices of a table', () => {
  const table = checkRequest({
    table: '0 8 striped 2 8 {loop0} 0 {loop1} 0\n8 8 linear {loop0} {loop} {loopx} {loop-1}',
    loop: ['a', 'b'],
  }).table;

  test('stand where their words stood, and every other word stays', () => {
    expect(substituteLoops(table, ['7:3', '7:12']).map(({ params }) => params)).toEqual([
      '2 8 7:3 0 7:12 0',
      '7:3 {loop} {loopx} {loop-1}',
    ]);
  });

  test('leave everything else of it alone', () => {
    const [first] = substituteLoops(table, ['7:3', '7:12']);
    expect(first).toMatchObject({ start: 0n, length: 8n, type: 'striped' });
    expect(substituteLoops(table, [])).toBe(table);
  });
});
