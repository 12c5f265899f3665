/** Fails in every kind of way; loses no descriptor and leaves nothing. Argument: the mode of this kernel. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { createDevice, createDeviceSync, DmfdError, listDevices } from 'dmfd';
import { descriptors } from './descriptors.mjs';

const table = '0 8 zero';
const over = '0 8 linear {loop0} 0';

// Not in the root directory: on an overlay, 5.10 does not know what runs.
copyFileSync('/usr/bin/sleep', '/tmp/running');
const running = spawn('/tmp/running', ['600'], { stdio: 'ignore' });

const failures = [
  ['usage', undefined, { table: '' }],
  ['usage', undefined, { table: '0 8' }],
  ['usage', undefined, { table: ['0 8 zero', '9 8 zero'] }],
  ['usage', undefined, { table, name: 'a/b' }],
  ['usage', undefined, { table, name: 'n'.repeat(128) }],
  ['usage', undefined, { table, uuid: '' }],
  ['usage', undefined, { table, loop: ['/tmp/library.img'] }],
  ['usage', undefined, { table: over }],
  ['usage', 'ENOENT', { table: over, loop: ['/tmp/no/such/file'] }],
  ['usage', undefined, { table: over, loop: ['/tmp'] }],
  ['usage', undefined, { table: over, loop: ['/dev/null'] }],
  ['usage', 'ETXTBSY', { table: over, loop: ['/tmp/running'] }],
  ['taken', 'EBUSY', { table, name: 'existing' }],
  ['taken', 'EBUSY', { table, uuid: 'EXISTING' }],
  // The first loop device is attached by then.
  [
    'usage',
    'ENOENT',
    { table: '0 8 linear {loop0} 0\n8 8 linear {loop1} 0', loop: ['/tmp/library.img', '/tmp/no'] },
  ],
  ['kernel', 'EINVAL', { table: '0 8 nosuchtarget', log: /unknown target type/ }],
  ['kernel', undefined, { table: '0 8 linear /dev/nosuchdevice 0', log: /Device lookup failed/ }],
  ['kernel', undefined, { table: '0 4096 linear {loop0} 0', loop: ['/tmp/library.img'], log: /too small/ }],
  [
    'kernel',
    'EINVAL',
    { table: '0 8 linear {loop0}', loop: ['/tmp/library.img'], log: /Invalid argument count/ },
  ],
  ['kernel', 'EINVAL', { table: '0 8 striped 2 8 {loop0} 0', loop: ['/tmp/library.img'], log: /striped/ }],
];
if (process.argv[2] === 'fallback') failures.push(['unsupported', 'EOPNOTSUPP', { table, mode: 'atomic' }]);
if (process.argv[2] === 'fallback') {
  failures.push(['unsupported', 'EOPNOTSUPP', { table: over, loop: ['/tmp/library.img'], mode: 'atomic' }]);
}

// Threads have opened what they need by then.
const existing = await createDevice({ name: 'existing', uuid: 'EXISTING', table });
const before = descriptors();
for (const [kind, errno, { log, ...request }] of failures) {
  const what = JSON.stringify(request);
  const isIt = (error) => {
    assert.ok(error instanceof DmfdError && error instanceof Error, what);
    assert.equal(error.name, 'DmfdError');
    assert.equal(error.kind, kind, `${what}: ${error.message}`);
    assert.equal(typeof error.code, 'string');
    if (errno !== undefined) assert.equal(error.errno, errno, what);
    if (kind !== 'usage') assert.ok(error.operation && error.hint, `${what}: ${error.message}`);
    if (log !== undefined) assert.match(error.kernelLog.join('\n'), log, what);
    else assert.deepEqual(error.kernelLog, [], what);
    return true;
  };
  assert.throws(() => createDeviceSync(request), isIt);
  await assert.rejects(createDevice(request), isIt);
  assert.deepEqual(descriptors(), before, what);
  assert.deepEqual(
    (await listDevices()).map(({ name }) => name),
    ['existing'],
    what,
  );
}
existing.close();
running.kill();
console.log(`ok ${failures.length}`);
