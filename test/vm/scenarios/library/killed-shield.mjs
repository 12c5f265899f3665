/** Somebody kills the shield; this process lives on, and has lost nothing. Argument: the mode. Says "ok". */
import assert from 'node:assert/strict';
import { createDevice, listDevices, waitGone } from 'dmfd';
import { descriptors } from './descriptors.mjs';

const [mode] = process.argv.slice(2);
const request = { mode, table: '0 8 linear {loop0} 0', loop: ['/tmp/library.img'] };

const before = descriptors();
assert.throws(() => createDevice(request), { name: 'DmfdError', kind: 'system', errno: 'EINTR' });
assert.deepEqual(descriptors(), before);
assert.deepEqual(listDevices(), []);

// It is as able as before.
const device = createDevice(request);
assert.equal(descriptors().length, before.length + 1);
device.close();
assert.deepEqual(await waitGone(device, 10_000), { device: false, loops: [] });
console.log('ok');
