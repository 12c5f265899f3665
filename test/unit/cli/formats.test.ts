import { expect, test } from 'vitest';
import { deviceJson } from '../../../src/cli/device-json.js';
import { formatJson, formatLine } from '../../../src/cli/ls.js';
import { Device } from '../../../src/device/handle.js';
import { creation, request } from '../support/device.js';

test('a held device is one line of JSON', () => {
  const loops = [{ fd: 9, major: 7, minor: 3, diskseq: 5n, file: 'a "file"', warning: undefined }];
  const line = deviceJson(new Device(request(), creation({ fd: 21, size: 2n ** 53n + 2n }), loops));
  expect(line).not.toContain('\n');
  expect(JSON.parse(line)).toEqual({
    name: 'mine',
    uuid: 'DMFD-1',
    path: '/proc/self/fd/21',
    dev: '4095:1048575',
    major: 4095,
    minor: 1_048_575,
    fd: 21,
    pid: process.pid,
    diskseq: 42,
    size: 9_007_199_254_740_994,
    readonly: false,
    mode: 'fallback',
    loops: [{ path: '/dev/loop3', file: 'a "file"' }],
  });
});

const summary = {
  name: 'with a blank',
  uuid: 'DMFD-1',
  major: 254,
  minor: 5,
  openCount: 2,
  doomed: true,
};

test.each([
  [summary, '/dev/dm-5\t254:5\topen 2\tDMFD-1\twith a blank\n'],
  [{ ...summary, openCount: 0, doomed: false }, '/dev/dm-5\t254:5\tleaked\tDMFD-1\twith a blank\n'],
])('a listed device is a line: %j', (device, line) => {
  expect(formatLine(device)).toBe(line);
  expect(JSON.parse(formatJson(device))).toEqual(device);
});
