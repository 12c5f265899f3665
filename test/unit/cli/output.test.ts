import { spawn, spawnSync } from 'node:child_process';
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

test('while a full pipe is waited for, signals are heard', async () => {
  const script = `import { writeMeanwhile } from ${JSON.stringify(distribution('cli/output.js'))};
    import { hold } from ${JSON.stringify(distribution('handoff/hold.js'))};
    import { writeSync } from 'node:fs';
    void process.stdout;
    await hold(() => {
      setTimeout(() => writeSync(2, 'full'), 300);
      return writeMeanwhile(1, 'x'.repeat(${SIZE}));
    }, () => undefined);
    writeSync(2, ', let go');
    process.exit(0);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script]);
  let said = '';
  child.stderr.on('data', (bytes) => {
    said += bytes;
    if (said === 'full') child.kill('SIGTERM');
  });
  const code = await new Promise((resolve) => child.on('exit', resolve));
  child.stdout.destroy();
  expect({ code, said }).toEqual({ code: 0, said: 'full, let go' });
});

test('what a terminal would obey is written out, in columns too', () => {
  const script = `import { print } from ${JSON.stringify(distribution('cli/output.js'))};
    print('/dev/dm-0\\ta\\x1b]0;x\\x07b', 'c\\nd\\u009b\\u2066', 'plain ü');`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  expect(stdout).toBe('/dev/dm-0\ta\\x1b]0;x\\x07b\nc\\x0ad\\x9b\\u2066\nplain ü\n');
});
