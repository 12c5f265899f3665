import { expect, test } from 'vitest';
import { deviceJson, swapJson } from '../../../src/cli/device-json.js';
import { toJson } from '../../../src/cli/json.js';
import { formatJson, formatLine } from '../../../src/cli/ls.js';
import type { DeviceFacts } from '../../../src/device/facts.js';

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

test.each([
  [2, true, 'held', 'open 2'],
  [0, false, 'being-made', 'being made'],
  [0, false, 'leaked', 'leaked'],
  [1, false, 'kept', 'kept, open 1'],
] as const)(
  'a listed device is a line: open %i, deferred remove %j, %s',
  (openCount, deferredRemove, state, words) => {
    const device = { ...IDENTITY, openCount, deferredRemove, state };
    expect(formatLine(device)).toBe(`/dev/dm-5\t254:5\t${words}\tDMFD-1\twith a blank`);
    expect(formatJson(device)).toBe(
      `{${SAME},"openCount":${openCount},"deferredRemove":${deferredRemove},"state":"${state}"}\n`,
    );
  },
);
