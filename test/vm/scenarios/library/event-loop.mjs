/** While the library waits for the kernel, or for a key that this very process writes, the event loop goes on. Says "ok". */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, openSync } from 'node:fs';
import { createDevice, createSwap, waitGone } from 'dmfd';

/** Runs a promise, and returns what it came to with how often a timer ran meanwhile. */
async function withTicks(promise) {
  let ticks = 0;
  const timer = setInterval(() => ticks++, 5);
  const result = await promise;
  clearInterval(timer);
  return { result, ticks };
}

// The first call starts a thread, which takes time of this thread, too.
const warm = await createDevice({ table: '0 8 zero' });
await warm[Symbol.asyncDispose]();

// A table that takes the kernel long to load.
const LINES = 15_000;
const lines = Array.from({ length: LINES }, (_, index) => `${8 * index} 8 zero`).join('\n');
const { result: large, ticks } = await withTicks(createDevice({ table: lines }));
assert.ok(ticks > 1, `${ticks} ticks while a large table was loaded`);
assert.equal(large.size, BigInt(LINES) * 4096n);
large.close();

// The key comes from a FIFO, and its writer is this process.
const fifo = '/tmp/library-key';
await once(spawn('mkfifo', [fifo]), 'exit');
const reader = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
const writer = spawn('sh', ['-c', `cat >${fifo}`], { stdio: ['pipe', 'inherit', 'inherit'] });
const keyed = createDevice({
  table: '0 8 crypt aes-xts-plain64 {key} 0 {loop0} 0',
  loop: [process.argv[2]],
  key: { fd: reader },
});
// It is made while the one before waits for its key, which is written only below.
const other = await createDevice({ table: '0 8 zero' });
await other[Symbol.asyncDispose]();
setTimeout(() => writer.stdin.end(Buffer.alloc(64, 7)), 300);
const device = await keyed;
assert.equal(device.key, 'keyring');
await device[Symbol.asyncDispose]();
assert.deepEqual(await waitGone(large, 10_000), { device: false, below: [], loops: [] });
assert.equal(typeof createSwap, 'function');
console.log('ok');
