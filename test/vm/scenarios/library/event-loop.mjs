/** While the library waits for the kernel, or for a key that this very process writes, the event loop goes on. Says "ok". */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, openSync } from 'node:fs';
import { createDevice, createSwap, waitGone } from 'dmfd';

/** Runs a promise, and returns what it came to with the longest time in milliseconds in which no timer ran. */
async function withTicks(promise) {
  let last = performance.now();
  let longest = 0;
  const timer = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  }, 5);
  const result = await promise;
  clearInterval(timer);
  return { result, longest };
}

// The first call starts a thread, which takes time of this thread, too.
const warm = await createDevice({ table: '0 8 zero' });
await warm[Symbol.asyncDispose]();

// A table that takes the kernel long to load.
const lines = Array.from({ length: 60_000 }, (_, index) => `${8 * index} 8 zero`).join('\n');
const start = performance.now();
const { result: large, longest } = await withTicks(createDevice({ table: lines }));
const whole = performance.now() - start;
assert.equal(large.size, 60_000n * 4096n);
large.close();
console.error(`${Math.round(whole)} ms, ${Math.round(longest)} ms without a tick`);

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
const { result: other, longest: waiting } = await withTicks(createDevice({ table: '0 8 zero' }));
assert.ok(waiting < 1000, `another creation went on meanwhile: ${waiting} ms`);
await other[Symbol.asyncDispose]();
setTimeout(() => writer.stdin.end(Buffer.alloc(64, 7)), 300);
const device = await keyed;
assert.equal(device.key, 'keyring');
await device[Symbol.asyncDispose]();
assert.deepEqual(await waitGone(large, 10_000), { device: false, loops: [] });
assert.equal(typeof createSwap, 'function');
console.log('ok');
