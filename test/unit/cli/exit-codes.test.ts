import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { formatError } from '../../../src/cli/complain.js';
import { EXIT_CODES } from '../../../src/cli/exit-codes.js';
import { DmfdError } from '../../../src/errors.js';
import { distribution } from '../support/distribution.js';

test("exit codes are those of other wrappers: 125 one's own, 126 and 127 the command's", () => {
  expect(EXIT_CODES).toEqual({
    usage: 125,
    privilege: 125,
    unsupported: 125,
    taken: 125,
    kernel: 125,
    system: 125,
    'command-not-executable': 126,
    'command-not-found': 127,
  });
});

test('an error is its message, what the kernel logged, what to do', () => {
  const error = new DmfdError('kernel', 'what failed', { kernelLog: ['first', 'second'], hint: 'do this' });
  expect(formatError(error)).toBe('dmfd: what failed\n  kernel: first\n  kernel: second\n  hint: do this');
  expect(formatError(new DmfdError('kernel', 'what failed'))).toBe('dmfd: what failed');
});

test('an error that nobody foresaw ends with 125, too, and is told whole', () => {
  const script = `import { complain } from ${JSON.stringify(distribution('cli/complain.js'))};
    process.exitCode = complain(new Error('unforeseen'));`;
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
  });
  expect(status).toBe(125);
  expect(stderr).toMatch(/^dmfd: this should not have happened: Error: unforeseen\n {4}at /);
});
