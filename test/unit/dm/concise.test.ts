import { describe, expect, test } from 'vitest';
import { type ConciseDevice, linkConcise, parseConcise } from '../../../src/dm/concise.js';
import { refusal } from '../support/refusal.js';

describe('a concise table', () => {
  const device = (changes: Partial<ConciseDevice>): ConciseDevice => ({
    name: 'n',
    uuid: undefined,
    minor: undefined,
    readOnly: false,
    lines: ['0 8 zero'],
    ...changes,
  });

  test.each<[text: string, device: ConciseDevice]>([
    ['n,,,rw,0 8 zero', device({})],
    ['n,,,,0 8 zero', device({})],
    ['n,,,ro,0 8 zero\n', device({ readOnly: true })],
    ['n,U-1,3,rw,0 8 zero', device({ uuid: 'U-1', minor: 3 })],
    [' n , U-1 , 3 , rw , 0 8 zero ', device({ uuid: 'U-1', minor: 3 })],
    ['n,,,rw,0 8 zero,8 8 error', device({ lines: ['0 8 zero', '8 8 error'] })],
    ['n,,,rw,0 8 zero;', device({})],
    [
      'a\\,b\\;c\\\\d,,,rw,0 8 linear /dev/x\\,y 0',
      device({ name: 'a,b;c\\d', lines: ['0 8 linear /dev/x,y 0'] }),
    ],
    ['my\\x20disk,,,rw,0 8 zero', device({ name: 'my\\x20disk' })],
  ])('%j', (text, expected) => {
    expect(parseConcise(text)).toEqual([expected]);
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
    ['n,,99999999,rw,0 8 zero', /^concise table: the 3rd field, the minor, is "99999999"/],
    ['n,,,rw,0 8 zero;m,,,rw', /^concise table, device 2: it has 4 of at least 5 fields$/],
    ['n,,,r,0 8 zero;m,,,rw,0 8 zero', /^concise table, device 1: the 4th field/],
  ])('%j is refused', (text, message) => {
    const error = refusal(() => parseConcise(text));
    expect(error).toMatchObject({ kind: 'usage', code: 'invalid-table' });
    expect(error.message).toMatch(message);
  });

  test.each<[text: string, lines: string[][]]>([
    [
      'a,,,rw,0 8 zero;b,,,rw,0 8 linear /dev/mapper/a 0;c,,,rw,0 8 linear /dev/mapper/b 0,8 8 linear /dev/mapper/a 0',
      [['0 8 zero'], ['0 8 linear {layer0} 0'], ['0 8 linear {layer1} 0', '8 8 linear {layer0} 0']],
    ],
    ['a,,3,rw,0 8 zero;b,,,rw,0 8 linear 254:3 0', [['0 8 zero'], ['0 8 linear {layer0} 0']]],
    ['a,,3,rw,0 8 zero;b,,,rw,0 8 linear /dev/dm-3 0', [['0 8 zero'], ['0 8 linear {layer0} 0']]],
    ['a b,,,rw,0 8 zero;b,,,rw,0 8 linear /dev/mapper/a\\x20b 0', [['0 8 zero'], ['0 8 linear {layer0} 0']]],
    // Of another driver, of a device that stands later or nowhere, and words that only begin so.
    ['a,,3,rw,0 8 zero;b,,,rw,0 8 linear 8:3 0', [['0 8 zero'], ['0 8 linear 8:3 0']]],
    ['a,,,rw,0 8 linear /dev/mapper/b 0;b,,,rw,0 8 zero', [['0 8 linear /dev/mapper/b 0'], ['0 8 zero']]],
    ['a,,,rw,0 8 zero;b,,,rw,0 8 linear /dev/mapper/ab 0', [['0 8 zero'], ['0 8 linear /dev/mapper/ab 0']]],
  ])('%j: later devices name earlier ones', (text, lines) => {
    expect(linkConcise(parseConcise(text), 254).map((device) => device.lines)).toEqual(lines);
  });

  test('no number is device-mapper’s before there is the driver', () => {
    const [, upper] = linkConcise(parseConcise('a,,3,rw,0 8 zero;b,,,rw,0 8 linear 254:3 0'), undefined);
    expect(upper?.lines).toEqual(['0 8 linear 254:3 0']);
  });
});
