/** The event loop goes on while the control device takes its time to open. Says "ok". */
import assert from 'node:assert/strict';
import { createDevice, waitGone } from 'dmfd';

const device = await createDevice({ table: '0 8 zero' });
device.close();
let ticks = 0;
const timer = setInterval(() => ticks++, 5);
const since = performance.now();
assert.deepEqual(await waitGone(device, 60_000), { device: false, below: [], loops: [] });
assert.ok(performance.now() - since >= 1900, 'the control device was not slow to open');
clearInterval(timer);
assert.ok(ticks > 20, `${ticks} ticks while it was opened`);
console.log('ok');
