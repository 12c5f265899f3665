import { describe, expect, test } from 'vitest';
import { type ConciseDevice, parseConcise } from '../../../src/dm/concise.js';
import { refusal } from '../support/refusal.js';

describe('a concise table', () => {
  const device = (changes: Partial<ConciseDevice>): ConciseDevice => ({
    name: 'n',
    uuid: undefined,
    readOnly: false,
    lines: ['0 8 zero'],
    ...changes,
  });

  test.each<[text: string, device: ConciseDevice]>([
    ['n,,,rw,0 8 zero', device({})],
    ['n,,,,0 8 zero', device({})],
    ['n,,,ro,0 8 zero\n', device({ readOnly: true })],
    ['n,U-1,3,rw,0 8 zero', device({ uuid: 'U-1' })],
    [' n , U-1 , 3 , rw , 0 8 zero ', device({ uuid: 'U-1' })],
    ['n,,,rw,0 8 zero,8 8 error', device({ lines: ['0 8 zero', '8 8 error'] })],
    ['n,,,rw,0 8 zero;', device({})],
    [
      'a\\,b\\;c\\\\d,,,rw,0 8 linear /dev/x\\,y 0',
      device({ name: 'a,b;c\\d', lines: ['0 8 linear /dev/x,y 0'] }),
    ],
    ['my\\x20disk,,,rw,0 8 zero', device({ name: 'my\\x20disk' })],
  ])('%j', (text, expected) => {
    expect(parseConcise(text)).toEqual(expected);
  });

  test.each([
    ['', /^concise table: it is empty$/],
    [' ; ', /^concise table: it is empty$/],
    ['n', /^concise table: it has 1 of at least 5 fields$/],
    ['0 8 zero', /^concise table: it has 1 of at least 5 fields$/],
    ['n,,,rw', /^concise table: it has 4 of at least 5 fields$/],
    [',,,rw,0 8 zero', /^concise table: the 1st field, the name, is empty$/],
    ['n,,x,rw,0 8 zero', /^concise table: the 3rd field, the minor, is "x", and not a number$/],
    ['n,,,r,0 8 zero', /^concise table: the 4th field, the flags, is "r", and neither ro nor rw$/],
    ['n,,,rw,0 8 zero;m,,,rw,0 8 zero', /^concise table: it describes 2 devices$/],
  ])('%j is refused', (text, message) => {
    const error = refusal(() => parseConcise(text));
    expect(error).toMatchObject({ kind: 'usage', code: 'invalid-table' });
    expect(error.message).toMatch(message);
  });
});
