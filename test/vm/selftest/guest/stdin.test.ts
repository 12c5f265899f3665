import { expect, test } from 'vitest';
import { bootedVm } from '../../harness/index.js';

const vm = await bootedVm();
const tenMegabytes = Buffer.alloc(10_000_000, 'some input ');

test('standard input is empty by default', async () => {
  expect(await vm.sh('readlink /proc/self/fd/0; cat')).toMatchObject({ code: 0, stdout: '/dev/null\n' });
});

test('standard input can be missing', async () => {
  const result = await vm.run(['sh', '-c', 'for n in 0 1 2; do [ -e /proc/$$/fd/$n ] && echo $n; done'], {
    stdin: 'closed',
  });
  expect(result.stdout).toBe('1\n2\n');
});

test('10 MB go in and come out again at the same time', async () => {
  const result = await vm.run(['cat'], { stdin: tenMegabytes });
  expect(result.code).toBe(0);
  expect(result.stdoutBytes.equals(tenMegabytes)).toBe(true);
});

test('a command need not read what it is given', async () => {
  expect(await vm.run(['true'], { stdin: tenMegabytes })).toMatchObject({ code: 0, timedOut: false });
});

test('a command may close its input and go on', async () => {
  const result = await vm.sh('exec <&-; sleep 0.2; echo on', { stdin: tenMegabytes });
  expect(result).toMatchObject({ code: 0, stdout: 'on\n' });
});

test('a conversation goes to and fro', async () => {
  const process = await vm.start(['sh', '-c', 'while read -r line; do echo "got $line"; done; echo end']);
  process.write('one\n');
  await process.waitForOutput(/got one/);
  process.write('two\n');
  await process.waitForOutput(/got two/);
  process.closeStdin();
  expect(await process.exited).toMatchObject({ code: 0, stdout: 'got one\ngot two\nend\n' });
});

test('waiting for output that never comes fails with what came instead', async () => {
  const process = await vm.start(['sh', '-c', 'echo something else; read -r line']);
  await expect(process.waitForOutput(/never/, 500)).rejects.toThrow(/never[\s\S]*something else/);
  process.closeStdin();
  await expect(process.waitForOutput(/never/)).rejects.toThrow('ended');
});
