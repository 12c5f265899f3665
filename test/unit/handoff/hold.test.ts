import { describe, expect, test } from 'vitest';
import { startNode } from '../support/in-child.js';

const HOLD = `await hold(async () => fs.writeSync(1, 'ready\\n'), () => console.log('let go')); process.exit(0);`;
const start = (body = HOLD) => startNode({ hold: 'handoff/hold.js' }, body);

describe.concurrent('a hold', () => {
  test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('ends with %s', async (signal) => {
    const child = start();
    await child.wrote('ready');
    child.process.kill(signal);
    expect(await child.result).toMatchObject({ code: 0, stdout: 'ready\nlet go\n' });
  });

  test('ends with its standard input, whatever was written there', async () => {
    const child = start();
    await child.wrote('ready');
    child.process.stdin.write('x'.repeat(100_000));
    child.process.stdin.end();
    expect(await child.result).toMatchObject({ code: 0, stdout: 'ready\nlet go\n' });
  });

  test('does not end while nothing happens', async () => {
    const child = start();
    await child.wrote('ready');
    const ended = Symbol();
    const first = await Promise.race([
      child.result.then(() => ended),
      new Promise((resolve) => setTimeout(resolve, 300)),
    ]);
    child.process.kill('SIGKILL');
    expect(first).not.toBe(ended);
    expect(await child.result).toMatchObject({ stdout: 'ready\n' });
  });

  test('hears no signal once it has let go: what is waited for then can be ended', async () => {
    const child = start(`await hold(async () => fs.writeSync(1, 'ready\\n'), () => {});
      fs.writeSync(1, 'let go\\n');`);
    await child.wrote('ready');
    child.process.kill('SIGTERM');
    await child.wrote('let go');
    child.process.kill('SIGINT');
    expect(await child.result).toMatchObject({ signal: 'SIGINT', stdout: 'ready\nlet go\n' });
  });

  test('fails when nobody can be told that it is ready', async () => {
    const child = start(`await hold(async () => { throw new Error('told nobody'); }, () => {});`);
    const { stderr } = await child.result;
    expect(stderr).toMatch(/told nobody/);
  });
});
