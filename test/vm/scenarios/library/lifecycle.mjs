/** Makes a device over the file in argv, uses it, and lets go of it in each way there is. Says "ok" at the end. */
import assert from 'node:assert/strict';
import { closeSync, existsSync, fstatSync, readFileSync, readSync, writeSync } from 'node:fs';
import {
  createDevice,
  createDeviceSync,
  findHolders,
  listDevices,
  planDevice,
  probe,
  removeDevice,
  resizeDevice,
  waitGone,
} from 'dmfd';
import { descriptors } from './descriptors.mjs';

const [file, mode] = process.argv.slice(2);

// Node opens some of its own when it first waits, and the drivers are there afterwards.
await probe();
await new Promise((resolve) => setTimeout(resolve, 1));
const before = descriptors();

const steps = [];
const device = await createDevice({
  name: 'library',
  table: ['0 8 linear {loop0} 0', { label: 'second', text: '# a comment\n8 8 linear {loop0} 8\n' }],
  loop: [file],
  onStep: (step) => steps.push(step),
});

assert.equal(device.name, 'library');
assert.match(device.uuid, /^DMFD-[0-9a-f-]{36}$/);
assert.equal(typeof device.major, 'number');
assert.equal(typeof device.minor, 'number');
assert.equal(device.path, `/dev/dm-${device.minor}`);
assert.equal(device.size, 8192n);
assert.equal(device.readOnly, false);
assert.equal(device.mode, mode);
assert.deepEqual(device.warnings, []);
const inSys = `/sys/dev/block/${device.major}:${device.minor}`;
assert.equal(device.diskseq, diskseqIn(inSys));
assert.equal(device.uuid, readFileSync(`${inSys}/dm/uuid`, 'utf8').trim());
const [loop] = device.loops;
assert.deepEqual(device.loops, [{ major: 7, minor: loop.minor, diskseq: loop.diskseq, file }]);
assert.equal(loop.diskseq, diskseqIn(`/sys/block/loop${loop.minor}`));

// One more than before: nothing of the loop device, the control devices or the log is kept.
assert.equal(descriptors().length, before.length + 1);
assert.ok(fstatSync(device.fd).isBlockDevice());
assert.match(readFileSync(`/proc/self/fdinfo/${device.fd}`, 'utf8'), /^flags:\s+0?210000[02]$/m);

for (const { what, result, nanoseconds } of steps) {
  assert.ok(what !== '' && result !== '' && nanoseconds >= 0);
}
assert.ok(steps.some(({ what, result }) => what === 'LOOP_CONFIGURE' && result === 'ok'));
assert.ok(steps.some(({ what, result }) => what === 'DM_TABLE_LOAD' && result === 'ok'));

const written = Buffer.from('by the library'.padEnd(512, '.'));
const read = Buffer.alloc(512);
assert.equal(writeSync(device.fd, written, 0, 512, 4096), 512);
assert.equal(readSync(device.fd, read, 0, 512, 4096), 512);
assert.deepEqual(read, written);

const listed = (await listDevices()).find(({ uuid }) => uuid === device.uuid);
const { name, uuid, path, major, minor, diskseq, size, readOnly } = device;
const facts = { name, uuid, path, major, minor, diskseq, size, readOnly };
const { created } = listed;
assert.ok(created === undefined || created.getTime() <= Date.now());
const told = { targets: ['linear'], openCount: 1, deferredRemove: true, state: 'held', created };
assert.deepEqual(listed, { ...facts, ...told });
assert.deepEqual(await findHolders(device), [], 'this process itself is not told');
assert.deepEqual(await waitGone(device, 0), { device: true, below: [], loops: device.loops });

device.close();
assert.equal(device.fd, -1);
assert.equal(device.path, `/dev/dm-${minor}`, 'the path is that of the device, also when it is closed');
assert.deepEqual(await waitGone(device, 10_000), { device: false, below: [], loops: [] });
assert.ok(!existsSync(inSys));
// Whoever has the number now must not lose it to a second close.
const successor = createDeviceSync({ table: '0 8 zero', mode: 'fallback' });
device.close();
assert.equal(device.release(), -1);
assert.ok(fstatSync(successor.fd).isBlockDevice());
assert.equal(successor.mode, 'fallback');
assert.match(successor.name, /^dmfd-[0-9a-f]{8}$/);

const fd = successor.release();
assert.equal(successor.fd, -1);
successor.close();
assert.ok(fstatSync(fd).isBlockDevice(), 'what was released stays open');
closeSync(fd);
assert.deepEqual(await waitGone(successor, 10_000), { device: false, below: [], loops: [] });

const disposed = createDeviceSync({ table: '0 8 zero', readOnly: true });
assert.equal(disposed.readOnly, true);
assert.throws(() => writeSync(disposed.fd, written), { code: 'EBADF' });
disposed[Symbol.dispose]();
assert.equal(disposed.fd, -1);
assert.deepEqual(await waitGone(disposed, 10_000), { device: false, below: [], loops: [] });

const awaited = await createDevice({ table: '0 8 linear {loop0} 0', loop: [file] });
const grown = await resizeDevice({ device: awaited.uuid, size: 8192n });
assert.deepEqual(grown, { name: awaited.name, before: 4096n, size: 8192n });
const { gone, holders } = await removeDevice({ device: awaited.path });
assert.deepEqual({ gone, holders }, { gone: false, holders: [] }, 'this process holds it, and is not told');
await awaited[Symbol.asyncDispose]();
assert.ok(!existsSync(`/sys/dev/block/${awaited.major}:${awaited.minor}`), 'the kernel has let go');

const parts = {
  segments: [
    { target: 'linear', backing: { path: file, offset: 4096n, size: 4096n } },
    { target: 'error', size: 4096n },
  ],
};
const plan = await planDevice(parts);
assert.equal(plan.table, '0 8 linear {loop0} 8\n8 8 error');
const ofParts = await createDevice(parts);
assert.equal(ofParts.size, plan.size);
assert.equal(readSync(ofParts.fd, read, 0, 512, 0), 512);
assert.deepEqual(read, written, 'what was written at 4096 above');
assert.throws(() => readSync(ofParts.fd, read, 0, 512, 4096), { code: 'EIO' });
await ofParts[Symbol.asyncDispose]();

assert.deepEqual(descriptors(), before);
console.log('ok');

/** As the kernel tells it; 0 where it has none, before Linux 5.15. */
function diskseqIn(directory) {
  const file = `${directory}/diskseq`;
  return existsSync(file) ? BigInt(readFileSync(file, 'utf8')) : 0n;
}
