import { spawn } from 'node:child_process';
import { expect, test } from 'vitest';
import { distribution } from '../support/distribution.js';

const SIZE = 1_000_000;

test('a full non-blocking pipe is waited for, not asked again and again', async () => {
  // Node sets O_NONBLOCK on a pipe when it makes its stream.
  const script = `import { write } from ${JSON.stringify(distribution('cli/output.js'))};
    void process.stdout;
    const before = process.cpuUsage();
    write(1, 'x'.repeat(${SIZE}));
    const { user, system } = process.cpuUsage(before);
    write(2, String(Math.round((user + system) / 1000)));`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script]);
  let read = 0;
  let milliseconds = '';
  child.stderr.on('data', (bytes) => {
    milliseconds += bytes;
  });
  setTimeout(() => {
    child.stdout.on('data', (bytes) => {
      read += bytes.length;
    });
  }, 1500);
  await new Promise((resolve) => child.on('close', resolve));
  expect(read).toBe(SIZE);
  expect(Number(milliseconds)).toBeLessThan(300);
});
