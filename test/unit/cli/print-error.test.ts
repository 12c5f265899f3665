import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { distribution } from '../support/distribution.js';

/** What is said of an error, and the exit code for it. */
function print(error: string): { stderr: string; status: number | null } {
  const script = `import { printError } from ${JSON.stringify(distribution('cli/print-error.js'))};
    import { DmfdError } from ${JSON.stringify(distribution('errors.js'))};
    process.exitCode = printError(${error});`;
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
  });
  return { status, stderr };
}

test('an error is its message, what the kernel logged, what to do', () => {
  const details = "{ kernelLog: ['first', 'second'], hint: 'do this' }";
  expect(print(`new DmfdError('kernel-refused', 'what failed', ${details})`)).toEqual({
    stderr: 'dmfd: what failed\n  kernel: first\n  kernel: second\n  hint: do this\n',
    status: 125,
  });
  expect(print("new DmfdError('kernel-refused', 'what failed')").stderr).toBe('dmfd: what failed\n');
});

test("what to do is said in the command line's words", () => {
  expect(print("new DmfdError('loop-missing', 'what failed', { hint: 'as `loop`' })").stderr).toBe(
    'dmfd: what failed\n  hint: give the file with --loop FILE\n',
  );
});

test('control characters do not reach the terminal', () => {
  const error =
    "new DmfdError('kernel-refused', 'a\\u001b[2Jb\\nc', { kernelLog: ['\\u009b\\u007f'], hint: '\\t\\u202ex' })";
  expect(print(error).stderr).toBe('dmfd: a\\x1b[2Jb\\x0ac\n  kernel: \\x9b\\x7f\n  hint: \\x09\\u202ex\n');
});

test('an error that nobody foresaw ends with 125, too, and is told whole', () => {
  const { status, stderr } = print("new Error('unforeseen')");
  expect(status).toBe(125);
  expect(stderr).toMatch(/^dmfd: this should not have happened: Error: unforeseen\n {4}at /);
});
