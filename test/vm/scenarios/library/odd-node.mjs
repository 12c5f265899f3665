/**
 * In a /dev of its own: whatever stands where the device's node should be, the device is made, no node is touched
 * or left, and the path is the descriptor's. Argument: the file for a loop device. Prints what stood there.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { lstatSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { createDevice, listDevices, waitGone } from 'dmfd';
import { descriptors } from './descriptors.mjs';

const [file] = process.argv.slice(2);
const kinds = {
  nothing: ':',
  'a directory': 'mkdir /dev/dm-$i',
  'a FIFO': 'mkfifo /dev/dm-$i',
  'another block device': 'mknod /dev/dm-$i b 1 0',
  'the node of no device': 'mknod /dev/dm-$i b 199 3',
};

// Threads have opened what they need by then.
await listDevices();

for (const [kind, make] of Object.entries(kinds)) {
  execFileSync('sh', ['-c', `rm -rf /dev/dm-*; for i in 0 1 2 3; do ${make}; done`]);
  const before = [nodes(), descriptors()];
  const device = await createDevice({
    table: '0 8 linear {loop0} 0',
    loop: [file],
    readOnly: true,
    mode: 'fallback',
  });
  assert.equal(device.path, `/proc/self/fd/${device.fd}`, kind);
  const content = Buffer.alloc(4096);
  readSync(device.fd, content, 0, content.length, 0);
  assert.deepEqual(content, readFileSync(file).subarray(0, content.length), kind);
  device.close();
  assert.deepEqual(await waitGone(device, 10_000), { device: false, below: [], loops: [] }, kind);
  assert.deepEqual([nodes(), descriptors()], before, kind);
  console.log(kind);
}

/** What is in /dev, and when it was last changed. */
function nodes() {
  return readdirSync('/dev').map((name) => {
    const { mode, rdev, mtimeMs } = lstatSync(`/dev/${name}`);
    return [name, mode, rdev, mtimeMs];
  });
}
