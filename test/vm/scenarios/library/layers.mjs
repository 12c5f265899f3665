/** Layers by the library: what is told of them, waited for, aborted, failed. Argument: a file. Says "ok". */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { constants, openSync } from 'node:fs';
import { createDevice, createDeviceSync, listDevices, planDevice, waitGone } from 'dmfd';
import { descriptors } from './descriptors.mjs';

const [file] = process.argv.slice(2);
const below = [{ segments: [{ target: 'linear', backing: file }], messages: [] }];
const segments = [{ target: 'delay', backing: '{below}', read: 1 }];
const GONE = { device: false, below: [], loops: [] };
const table = (name) => spawnSync('dmsetup', ['table', name]).stdout.toString();
await listDevices();
const before = descriptors();

const plan = await planDevice({ name: 'top', below, segments });
assert.equal(plan.table, '0 2048 delay {layer0} 0 1 {layer0} 0 0');
assert.deepEqual(plan.below, [
  {
    name: 'top-0',
    // Two lines: of one, the kernel would pass ioctls on to the loop device.
    table: '0 2040 linear {loop0} 0\n2040 8 linear {loop0} 2040',
    size: 1n << 20n,
    readOnly: false,
    loops: [{ file }],
  },
]);

for (const create of [createDevice, createDeviceSync]) {
  const device = await create({ name: 'top', below, segments });
  const [layer] = device.below;
  assert.equal(device.below.length, 1);
  assert.deepEqual(device.loops, []);
  assert.equal(layer.name, 'top-0');
  assert.equal(layer.path, `/dev/dm-${layer.minor}`);
  assert.equal(layer.mode, device.mode);
  assert.deepEqual([layer.loops.length, layer.loops[0].file, layer.size], [1, file, 1n << 20n]);
  assert.equal(
    table('top'),
    `0 2048 delay ${layer.major}:${layer.minor} 0 1 ${layer.major}:${layer.minor} 0 0\n`,
  );
  // Of the lower layer this process holds nothing.
  assert.equal(descriptors().length, before.length + 1);
  const listed = (await listDevices()).map(({ name, openCount, deferredRemove }) => [
    name,
    openCount,
    deferredRemove,
  ]);
  assert.deepEqual(listed, [
    ['top-0', 1, true],
    ['top', 1, true],
  ]);
  assert.deepEqual(await waitGone(device, 0), { device: true, below: device.below, loops: layer.loops });
  await device[Symbol.asyncDispose]();
  assert.deepEqual(await waitGone(device, 0), GONE);
  assert.deepEqual(descriptors(), before);
}

// Each of these fails when the lower layer is there.
spawnSync('mkfifo', ['/tmp/silent']);
const silent = openSync('/tmp/silent', constants.O_RDWR);
const reason = new Error('no more');
const key = { fd: silent };
const crypt = [{ target: 'crypt', backing: '{below}' }];
const throwing = ({ what }) => {
  if (what === 'DM_DEV_SUSPEND, resume') throw reason;
};
for (const [what, request, options, expected] of [
  ['signal', { segments: crypt, key }, { signal: AbortSignal.timeout(300) }, { name: 'TimeoutError' }],
  ['listener', { segments, onStep: throwing }, {}, reason],
  ['kernel', { table: '0 8 linear {below} 4096' }, {}, { code: 'kernel-refused', device: 'top' }],
  ['message', { segments, messages: [{ text: 'frob' }] }, {}, { code: 'kernel-refused', device: 'top' }],
  [
    'name',
    { segments, name: 'a' },
    {},
    { code: 'name-taken', device: 'a' },
    { table: '0 8 zero', name: 'a' },
  ],
]) {
  const other = what === 'name' ? await createDevice({ name: 'a', table: '0 8 zero' }) : undefined;
  await assert.rejects(createDevice({ name: 'top', below, ...request }, options), expected, what);
  other?.close();
  for (let tries = 0; (await listDevices()).length > 0 && tries < 50; tries++) spawnSync('sleep', ['0.05']);
  assert.deepEqual(await listDevices(), [], what);
}
console.log('ok');
