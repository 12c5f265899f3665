/** Somebody kills the shield; this process lives on, and has lost nothing. Argument: the mode. Says "ok". */
import assert from 'node:assert/strict';
import { createDeviceSync, listDevices, waitGone } from 'dmfd';
import { descriptors } from './descriptors.mjs';

const [mode] = process.argv.slice(2);
const request = { mode, table: '0 8 linear {loop0} 0', loop: ['/tmp/library.img'] };

// Threads have opened what they need by then.
await listDevices();
const before = descriptors();
assert.throws(() => createDeviceSync(request), { name: 'DmfdError', kind: 'system', errno: 'EINTR' });
assert.deepEqual(descriptors(), before);
assert.deepEqual(await listDevices(), []);

// It is as able as before.
const device = createDeviceSync(request);
assert.equal(descriptors().length, before.length + 1);
device.close();
assert.deepEqual(await waitGone(device, 10_000), { device: false, below: [], loops: [] });
console.log('ok');
