/** While udevd does nothing: a signal ends the wait for its links, with its reason, and the device goes. */
import assert from 'node:assert/strict';
import { createDevice, listDevices } from 'dmfd';

const controller = new AbortController();
const reason = new Error('no more links');
const request = { name: 'linked', table: '0 8 zero', udev: 'full', udevWait: 600_000 };
const device = createDevice(request, { signal: controller.signal });
setTimeout(() => controller.abort(reason), 1000);
await assert.rejects(device, (error) => error === reason);
const left = await listDevices();
assert.deepEqual(
  left.filter(({ openCount }) => openCount > 0),
  [],
);
