import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { distribution } from '../support/distribution.js';

const TEXT = 'waiting until mine is gone';

const IMPORT = `import { whileBlocked, withProgress } from ${JSON.stringify(distribution('cli/progress.js'))};
  import { readFileSync, writeSync } from 'node:fs';`;
const LONG_WAIT = {
  'in the event loop': `await withProgress(${JSON.stringify(TEXT)}, false, new Promise((resolve) => setTimeout(resolve, 6000)));`,
  blocked: `const pause = new Int32Array(new SharedArrayBuffer(4));
    whileBlocked(${JSON.stringify(TEXT)}, false, () => Atomics.wait(pause, 0, 0, 6000));`,
};

/** What a wait writes to a terminal of that many columns. */
async function onTerminal(
  columns: number,
  redirection = '',
  wait = LONG_WAIT['in the event loop'],
): Promise<string> {
  const script = `${IMPORT} ${wait} process.exit();`;
  const running = promisify(execFile)(
    'script',
    ['-qec', `stty cols ${columns}; "$NODE" --input-type=module -e "$SCRIPT" ${redirection}`, '/dev/null'],
    {
      // CI and TERM decide whether ora draws.
      env: { PATH: process.env.PATH, NODE: process.execPath, SCRIPT: script, TERM: 'xterm' },
      timeout: 15_000,
      killSignal: 'SIGKILL',
    },
  );
  running.child.stdin?.end();
  return (await running).stdout;
}

// Each waits for seconds, and does nothing meanwhile.
describe.concurrent.each(Object.entries(LONG_WAIT))('a wait %s', (_how, wait) => {
  test.each([0, 1, 20])('on a terminal of %i columns gets one line', async (columns) => {
    expect(await onTerminal(columns, '', wait)).toBe(`dmfd: ${TEXT}\r\n`);
  });

  test('on one of 80 columns gets a spinner, which goes away again', async () => {
    const written = await onTerminal(80, '', wait);
    expect(written).toContain(TEXT);
    expect(written).not.toContain('dmfd: ');
    expect(written.length).toBeLessThan(10_000);
    // The line is cleared.
    expect(written.slice(written.lastIndexOf(TEXT))).toContain('\u001b[1G\u001b[0K');
    // A cursor that is hidden stays so after ^C.
    expect(written).not.toContain('\u001b[?25l');
  });

  test('with a pipe as standard output gets one line', async () => {
    expect(await onTerminal(80, '| cat', wait)).toBe(`dmfd: ${TEXT}\r\n`);
  });

  test('on no terminal, nothing', async () => {
    expect(await onTerminal(80, '2>&1 | cat', wait)).toBe('');
  });
});

test.concurrent.each(['', '>/dev/null'])(
  'a wait that comes on tells how far, with the standard output %j',
  async (redirection) => {
    const wait = `let made = 0;
    const counting = setInterval(() => made++, 200);
    await withProgress(() => \`made \${made}\`, false, new Promise((resolve) => setTimeout(resolve, 6000)));
    clearInterval(counting);`;
    const written = await onTerminal(80, redirection, wait);
    // How fast it draws, the machine decides.
    expect(new Set(written.match(/made \d+/g)).size).toBeGreaterThan(1);
    expect(written.slice(written.lastIndexOf('made'))).toContain('\u001b[1G\u001b[0K');
  },
);

test('a short wait shows nothing, and the standard error stays as it was', async () => {
  const wait = `const flags = () => readFileSync('/proc/self/fdinfo/2', 'utf8').split('\\n')[1];
    const before = flags();
    const result = whileBlocked(${JSON.stringify(TEXT)}, false, () => 42);
    writeSync(1, result + ' ' + (flags() === before) + '\\n');`;
  expect(await onTerminal(80, '', wait)).toBe('42 true\r\n');
});

test('what a blocked wait throws is thrown, and a long one leaves the standard error as it was', async () => {
  const wait = `const flags = () => readFileSync('/proc/self/fdinfo/2', 'utf8').split('\\n')[1];
    const before = flags();
    const pause = new Int32Array(new SharedArrayBuffer(4));
    try {
      whileBlocked(${JSON.stringify(TEXT)}, false, () => { Atomics.wait(pause, 0, 0, 6000); throw new Error('as it is'); });
    } catch (error) { writeSync(1, error.message + ' ' + (flags() === before) + '\\n'); }`;
  expect(await onTerminal(20, '', wait)).toBe(`dmfd: ${TEXT}\r\nas it is true\r\n`);
});
