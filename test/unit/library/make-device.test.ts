import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkRequest, type DeviceRequest } from '../../../src/device/request.js';
import { mayWait } from '../../../src/library/make-device.js';
import { scratchFolder } from '../support/scratch.js';

const directory = scratchFolder();
const [file, fifo] = [join(directory, 'file'), join(directory, 'fifo')];
writeFileSync(file, 'key');
execFileSync('mkfifo', [fifo]);

const table = '0 8 crypt aes-xts-plain64 {key} 0 7:0 0';

/** What waits takes a thread beyond the number of those that go on at once. */
test.each<[waits: boolean, request: DeviceRequest]>([
  [false, { table: '0 8 zero' }],
  [false, { table, key: { random: 512 } }],
  [false, { table, key: { file } }],
  [false, { table, key: { file: join(directory, 'nothing') } }],
  [true, { table, key: { file: fifo } }],
  [true, { below: [{ table, key: { file: fifo } }], table: '0 8 linear {below} 0' }],
  [true, { table: '0 8 zero', udev: 'full', udevWait: 1000 }],
])('that it may wait is %s of %o', async (waits, request) => {
  expect(await mayWait(checkRequest(request))).toBe(waits);
});
