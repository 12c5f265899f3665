import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { distribution } from '../support/distribution.js';

const TEXT = 'waiting until mine is gone';

/** What a wait of a second writes to a terminal of that many columns. */
function onTerminal(columns: number, redirection = ''): string {
  const script = `import { withProgress } from ${JSON.stringify(distribution('cli/progress.js'))};
    await withProgress(${JSON.stringify(TEXT)}, false, new Promise((resolve) => setTimeout(resolve, 1000)));
    process.exit();`;
  const { status, stdout } = spawnSync(
    'script',
    ['-qec', `stty cols ${columns}; "$NODE" --input-type=module -e "$SCRIPT" ${redirection}`, '/dev/null'],
    {
      // CI and TERM decide whether ora draws.
      env: { PATH: process.env.PATH, NODE: process.execPath, SCRIPT: script, TERM: 'xterm' },
      encoding: 'utf8',
      input: '',
      timeout: 15_000,
      killSignal: 'SIGKILL',
    },
  );
  expect(status).toBe(0);
  return stdout;
}

test.each([0, 1, 20])('a terminal of %i columns gets one line', (columns) => {
  expect(onTerminal(columns)).toBe(`dmfd: ${TEXT}\r\n`);
});

test('one of 80 columns gets a spinner, which goes away again', () => {
  const written = onTerminal(80);
  expect(written).toContain(TEXT);
  expect(written).not.toContain('dmfd: ');
  expect(written.length).toBeLessThan(5000);
  // The line is cleared, and the cursor back.
  expect(written).toContain('\u001b[1G\u001b[0K\u001b[?25h');
});

test('a pipe as standard output is left alone: one line', () => {
  expect(onTerminal(80, '| cat')).toBe(`dmfd: ${TEXT}\r\n`);
});
