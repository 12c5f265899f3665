/**
 * 64 creations at once, or four times the argument, in one process, from several worker threads too, while child processes
 * are started all the time: no child gets a descriptor that was not meant for it. Says "ok".
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { createDevice, createDeviceSync, listDevices, waitGone } from 'dmfd';

/** Argument: how many in each of four groups. */
const EACH = Number(process.argv[2] ?? 16);

if (isMainThread) await main();
else await inWorker(workerData);

async function main() {
  let spawning = true;
  const leaks = spawnAllTheTime(() => spawning);
  const workers = [1, 2].map(
    (number) => new Worker(new URL(import.meta.url), { workerData: number, argv: [EACH] }),
  );
  const ended = workers.map((worker) => once(worker, 'exit'));
  const devices = await Promise.all(
    Array.from({ length: 2 * EACH }, () => createDevice({ table: '0 8 zero' })),
  );
  assert.equal(new Set(devices.map(({ uuid }) => uuid)).size, devices.length);
  assert.equal(new Set(devices.map(({ minor }) => minor)).size, devices.length);
  assert.deepEqual(
    (await Promise.all(ended)).map(([status]) => status),
    [0, 0],
  );
  for (const device of devices) device.close();
  for (const device of devices)
    assert.deepEqual(await waitGone(device, 10_000), { device: false, below: [], loops: [] });
  spawning = false;
  const children = await leaks;
  assert.ok(children > 2, `${children} children`);
  assert.deepEqual(await listDevices(), []);
  console.log('ok');
}

/** Both forms, in a thread of the user's. */
async function inWorker(number) {
  const some = Array.from({ length: EACH / 2 }, () => createDevice({ table: '0 8 zero' }));
  const others = Array.from({ length: EACH / 2 }, (_, index) =>
    createDeviceSync({ name: `thread-${number}-${index}`, table: '0 8 zero' }),
  );
  for (const device of [...(await Promise.all(some)), ...others]) {
    device.close();
    assert.deepEqual(await waitGone(device, 10_000), { device: false, below: [], loops: [] });
  }
}

/** Children that look at what they have got; how many there were. */
async function spawnAllTheTime(goesOn) {
  const numbers = Array.from({ length: 256 }, (_, number) => `/proc/self/fd/${number}`);
  let count = 0;
  while (goesOn()) {
    const child = spawn('readlink', numbers, { stdio: ['ignore', 'pipe', 'inherit'] });
    let seen = '';
    for await (const chunk of child.stdout) seen += chunk;
    assert.doesNotMatch(seen, /dm-|mapper|loop|kmsg|eventfd|memfd/);
    // Node itself has its /proc/self/maps open for a moment when a thread starts, and not close-on-exec.
    const others = seen.replace(/^\/proc\/\d+\/maps\n/gm, '');
    assert.equal(others.trim().split('\n').length, 3, seen);
    count++;
  }
  return count;
}
