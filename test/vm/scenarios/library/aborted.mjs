/**
 * A signal ends each kind of wait, with its reason, and nothing is left; a listener that throws leaves nothing, either.
 * Argument: a file. Says "ok".
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { constants, openSync, writeFileSync } from 'node:fs';
import {
  createDevice,
  createDeviceSync,
  createSwap,
  createSwapSync,
  listDevices,
  planSwap,
  reapDevices,
  waitGone,
} from 'dmfd';
import { descriptors } from './descriptors.mjs';

const [file] = process.argv.slice(2);
const over = { table: '0 8 linear {loop0} 0', loop: [file] };
await listDevices();

/** Aborts the call some time after it began. It has to be rejected with the reason: none of the waits comes to that by itself. */
async function aborted(what, call) {
  const controller = new AbortController();
  const reason = new Error(`no more ${what}`);
  const promise = call(controller.signal);
  setTimeout(() => controller.abort(reason), 200);
  await assert.rejects(promise, (error) => error === reason, what);
}

spawnSync('mkfifo', ['/tmp/silent']);
const silent = openSync('/tmp/silent', constants.O_RDWR);
const held = await createDevice({ table: '0 8 zero' });
const locker = spawn('flock', ['--no-fork', held.path, 'sh', '-c', 'echo locked; exec sleep 100'], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
await once(locker.stdout, 'data');
let before = descriptors();

await aborted('key', (signal) =>
  createDevice(
    { ...over, table: '0 8 crypt aes-xts-plain64 {key} 0 {loop0} 0', key: { fd: silent } },
    { signal },
  ),
);
await aborted('gone', (signal) => waitGone(held, 60_000, { signal }));
await aborted('lock', (signal) => planSwap({ backing: held.path }, { signal }));
assert.deepEqual(descriptors(), before);
await assert.rejects(createDevice(over, { signal: AbortSignal.abort() }), { name: 'AbortError' });
locker.kill();
await once(locker, 'close');
before = descriptors();

/** Every step that a listener is told may be its last. */
async function throwing(what, call) {
  const reason = new Error('the listener throws');
  for (let step = 0; ; step++) {
    let told = 0;
    const onStep = () => {
      if (told++ === step) throw reason;
    };
    let thrown;
    try {
      await call(onStep);
    } catch (error) {
      thrown = error;
    }
    if (thrown === undefined) return step;
    assert.equal(thrown, reason, what);
    assert.equal(told, step + 1, 'it is told nothing more');
    assert.deepEqual(
      (await listDevices()).filter(({ openCount }) => openCount > 0).map(({ name }) => name),
      [held.name],
      `${what}, step ${step}`,
    );
    assert.deepEqual(descriptors(), before, `${what}, step ${step}`);
  }
}

async function done(device) {
  device.close();
  await waitGone(device, 10_000);
}
const steps = [
  await throwing('a device', async (onStep) => done(await createDevice({ ...over, onStep }))),
  await throwing('a device, at once', async (onStep) => done(createDeviceSync({ ...over, onStep }))),
];
assert.ok(
  steps.every((count) => count > 8),
  `${steps}`,
);

// The listener of a swap throws when it is on: it is turned off again.
writeFileSync('/tmp/aborted-swap', Buffer.alloc(1 << 20));
for (const create of [createSwap, (request) => createSwapSync(request)]) {
  const onStep = ({ what }) => {
    if (what.startsWith('swapon')) throw new Error('after swapon');
  };
  await assert.rejects(async () => create({ backing: '/tmp/aborted-swap', onStep }), {
    message: 'after swapon',
  });
  assert.equal(spawnSync('sh', ['-c', 'tail -n +2 /proc/swaps']).stdout.toString(), '');
}
assert.deepEqual(await reapDevices(), { devices: [], beingMade: [], loops: [], links: [] });
await done(held);
console.log('ok');

// The process may end while a call still waits, and does not wait for it.
const table = '0 8 crypt aes-xts-plain64 {key} 0 {loop0} 0';
void createDevice({ ...over, table, key: { fd: silent } }).catch(() => undefined);
setTimeout(() => process.exit(0), 300);
