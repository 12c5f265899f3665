import { expect, test } from 'vitest';
import { parseMode, parseVbd, sysfsName } from '../../../src/xen/vbd.js';
import { refusal } from '../support/refusal.js';

test('a disk is known by its path, below the own domain’s node or from the root', () => {
  const disk = parseVbd('backend/vbd/3/51712');
  expect(disk).toEqual({ path: 'backend/vbd/3/51712', home: '', domain: 3, device: 51_712 });
  expect(sysfsName(disk)).toBe('vbd-3-51712');
  const path = '/local/domain/0/backend/vbd/0/268441856';
  expect(parseVbd(path)).toEqual({ path, home: '/local/domain/0/', domain: 0, device: 268_441_856 });
});

test.each([
  undefined,
  '',
  'backend/vbd/3',
  'backend/vbd/3/',
  'backend/vbd/3/51712/',
  'backend/vbd/03/51712',
  'backend/vbd/32752/51712',
  'backend/vbd/3/4294967296',
  'backend/vif/3/0',
  'backend/vbd/3/../../../x',
  '../backend/vbd/3/51712',
  'backend/vbd/-1/51712',
  'backend/vbd/3/51712\n',
])('XENBUS_PATH %j is refused', (path) => {
  expect(refusal(() => parseVbd(path))).toMatchObject({
    code: 'xen-disk-invalid',
    message: path === undefined ? /is not set/ : expect.stringContaining(JSON.stringify(path)),
  });
});

test.each([
  ['r', true, false],
  ['w', false, false],
  ['ro', true, false],
  ['rw', false, false],
  ['!', true, true],
  ['r!', true, true],
  ['w!', false, true],
  ['rw!', false, true],
])('mode %s', (text, readOnly, shared) => {
  expect(parseMode(text)).toEqual({ readOnly, shared });
});

test.each(['', 'x', 'wr', 'w!!', '!w', 'w ', 'W'])('mode %j is refused', (text) => {
  expect(refusal(() => parseMode(text))).toMatchObject({ code: 'xen-disk-invalid' });
});
