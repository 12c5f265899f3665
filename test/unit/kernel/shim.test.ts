import { expect, test } from 'vitest';
import { distribution } from '../support/distribution.js';
import { startNode } from '../support/in-child.js';

test('16 threads that load the shim at once, use it and end, do no harm to each other', async () => {
  const body = `
    const source = 'import(' + JSON.stringify(${JSON.stringify(distribution('kernel/shim.js'))}) + ').then(({ shim }) => {' +
      'for (let i = 0; i < 300; i++) { if (shim.pageSize() < 4096) throw 1; shim.ioctl(0, 0x125e, Buffer.alloc(8)); } })';
    const threads = Array.from({ length: 16 }, () => new Worker(source, { eval: true }));
    const statuses = await Promise.all(threads.map((thread) => new Promise((end) => thread.on('exit', end))));
    console.log(statuses.join(''));`;
  const { stdout, stderr, code, signal } = await startNode(
    {},
    `import { Worker } from 'node:worker_threads';\n${body}`,
  ).result;
  expect({ stdout, stderr, code, signal }).toEqual({
    stdout: `${'0'.repeat(16)}\n`,
    stderr: '',
    code: 0,
    signal: null,
  });
});
