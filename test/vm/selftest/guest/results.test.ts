import { expect, test } from 'vitest';
import { bootedVm } from '../../harness/index.js';

const vm = await bootedVm();

test('exit code, stdout and stderr come back apart', async () => {
  const result = await vm.sh('echo out; echo err >&2; exit 7');
  expect(result).toMatchObject({ code: 7, signal: null, stdout: 'out\n', stderr: 'err\n', timedOut: false });
});

test('a signal that ends a command comes back by name', async () => {
  expect(await vm.sh('kill -TERM $$')).toMatchObject({ code: null, signal: 'SIGTERM' });
});

test('a program that is not there is an error that names it', async () => {
  await expect(vm.run(['no-such-program', 'x'])).rejects.toThrow(
    'cannot run no-such-program x: exec: ENOENT',
  );
});

test('a working directory that is not there is an error that says so', async () => {
  await expect(vm.run(['true'], { cwd: '/nowhere' })).rejects.toThrow('chdir: ENOENT');
});

test('the kernel is the one the project is named after', async () => {
  expect((await vm.run(['uname', '-r'])).stdout).toBe(`${vm.kernel.release}\n`);
});

test('an argument of 100 KB and a variable of 100 KB arrive whole', async () => {
  const long = 'x'.repeat(100_000);
  const result = await vm.run(['sh', '-c', 'echo $' + '{#1} $' + '{#LONG}', 'sh', long], {
    env: { LONG: long },
  });
  expect(result.stdout).toBe('100000 100000\n');
});

test('10 MB of output arrive unchanged', async () => {
  const result = await vm.sh(
    'head -c 10000000 /dev/zero | tr "\\0" a; head -c 1000000 /dev/zero | tr "\\0" b >&2',
  );
  expect(result.stdout === 'a'.repeat(10_000_000)).toBe(true);
  expect(result.stderr === 'b'.repeat(1_000_000)).toBe(true);
});

test('bytes that are no text arrive unchanged', async () => {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
  expect((await vm.run(['cat'], { stdin: bytes })).stdoutBytes).toEqual(bytes);
});

test('64 commands at once each get their own result', async () => {
  const numbers = Array.from({ length: 64 }, (_, index) => index);
  const results = await Promise.all(numbers.map((n) => vm.sh(`echo out ${n}; echo err ${n} >&2; exit ${n}`)));
  for (const n of numbers)
    expect(results[n]).toMatchObject({ code: n, stdout: `out ${n}\n`, stderr: `err ${n}\n` });
});
