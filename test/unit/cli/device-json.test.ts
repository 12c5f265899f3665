import { expect, test } from 'vitest';
import { deviceJson, givenJson, heldJson, swapJson } from '../../../src/cli/device-json.js';
import { toJson } from '../../../src/cli/json.js';
import { formatJson } from '../../../src/cli/ls.js';
import type { DeviceFacts } from '../../../src/device/facts.js';
import { Device } from '../../../src/device/handle.js';

const IDENTITY = {
  name: 'with a blank',
  uuid: 'DMFD-1',
  path: '/dev/dm-5',
  major: 254,
  minor: 5,
  diskseq: 42n,
  size: 2n ** 53n + 1n,
  readOnly: false,
};

const DEVICE: DeviceFacts = {
  ...IDENTITY,
  mode: 'fallback',
  loops: [{ major: 7, minor: 3, diskseq: 5n, file: 'a "file"' }],
  key: undefined,
  below: [],
  mapperLink: undefined,
  warnings: [],
};

const SAME =
  '"name":"with a blank","uuid":"DMFD-1","path":"/dev/dm-5","dev":"254:5","major":254,"minor":5,' +
  '"diskseq":42,"size":9007199254740993,"readonly":false';

test('a device that was made is one line of JSON', () => {
  const rest = '"mode":"fallback","loops":[{"path":"/dev/loop3","file":"a \\"file\\""}],"below":[]';
  expect(toJson(deviceJson(DEVICE))).toBe(`{${SAME},${rest}}`);
  const linked = { ...DEVICE, mapperLink: '/dev/mapper/with\\x20a' };
  expect(toJson(deviceJson(linked))).toBe(`{${SAME},${rest},"mapperLink":"/dev/mapper/with\\\\x20a"}`);
});

test('where /dev has no node, nobody is told the path of a descriptor that is another one for him', () => {
  const device = new Device({ ...DEVICE, path: '/proc/self/fd/20' }, -1);
  expect(givenJson(device)).toEqual({ ...deviceJson(device), path: '/dev/dm-5' });
  const { pid } = process;
  expect(heldJson(device)).toEqual({ ...deviceJson(device), path: `/proc/${pid}/fd/-1`, fd: -1, pid });
  expect(heldJson(new Device(DEVICE, -1)).path).toBe('/dev/dm-5');
});

test('so is swap, with the same fields first', () => {
  const swap = {
    ...DEVICE,
    loops: [],
    key: 'keyring' as const,
    backing: '/dev/sdb',
    cipher: 'aes-xts-plain64',
    keySize: 512,
    label: '',
    swapUuid: 'x',
    swapSize: 4096n,
  };
  const rest =
    '"mode":"fallback","key":"keyring","loops":[],"backing":"/dev/sdb","cipher":"aes-xts-plain64",' +
    '"keySize":512,"label":"","swapUuid":"x","swapSize":4096';
  expect(toJson(swapJson(swap))).toBe(`{${SAME},${rest}}`);
});

test('a listed device is a line, with whoever holds it', () => {
  const device = {
    ...IDENTITY,
    targets: ['linear', 'error'],
    openCount: 2,
    deferredRemove: true,
    state: 'held' as const,
    created: new Date(1_000),
  };
  const holders = [
    { kind: 'process' as const, pid: 12, name: 'a "name"' },
    { kind: 'mount' as const, path: '/mnt' },
  ];
  expect(formatJson({ device, holders })).toBe(
    `{${SAME},"targets":["linear","error"],"openCount":2,"deferredRemove":true,"state":"held",` +
      '"created":"1970-01-01T00:00:01.000Z",' +
      '"holders":[{"kind":"process","pid":12,"name":"a \\"name\\""},{"kind":"mount","path":"/mnt"}]}',
  );
  expect(formatJson({ device: { ...device, created: undefined }, holders: [] })).toContain(
    '"created":null,"holders":[]}',
  );
});
