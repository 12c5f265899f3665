/** The link /dev/mapper/NAME is there as long as a handle is open, however that was made and is given up. */
import assert from 'node:assert/strict';
import { closeSync, existsSync, statSync } from 'node:fs';
import { createDevice, createDeviceSync, listDevices, reapDevices, waitGone } from 'dmfd';

const LINK = '/dev/mapper/linked';
const request = { name: 'linked', table: '0 8 zero', mapperLink: true };

for (const make of [createDevice, createDeviceSync]) {
  const device = await make(request);
  assert.equal(device.mapperLink, LINK);
  assert.equal(statSync(LINK).rdev, statSync(device.path).rdev);
  device.close();
  assert.equal(existsSync(LINK), false);
  await waitGone(device, 10_000);
}

const device = await createDevice(request);
const fd = device.release();
assert.equal(existsSync(LINK), false);
closeSync(fd);
await waitGone(device, 10_000);

for (const make of [createDevice, createDeviceSync]) {
  const onStep = ({ what }) => {
    if (what.startsWith('make the link')) throw new Error('boom');
  };
  await assert.rejects(async () => await make({ ...request, onStep }), /^Error: boom$/);
  assert.equal(existsSync(LINK), false);
}
while ((await listDevices()).length > 0);
assert.deepEqual(await reapDevices(), { devices: [], beingMade: [], loops: [], links: [] });
