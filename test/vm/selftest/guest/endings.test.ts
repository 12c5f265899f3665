import { expect, test } from 'vitest';
import { bootedVm } from '../../harness/index.js';

const vm = await bootedVm();

test('at its time limit a command is killed with its group', async () => {
  const result = await vm.sh('echo started; sleep 1001 & sleep 1001', { timeoutMs: 500 });
  expect(result).toMatchObject({ code: null, signal: 'SIGKILL', stdout: 'started\n', timedOut: true });
  expect(await survivors('sleep 1001')).toBe('');
});

test('... and with the groups of its session that job control made', async () => {
  const result = await vm.run(['bash', '-c', 'set -m; sleep 1002 & sleep 1002'], { timeoutMs: 500 });
  expect(result.timedOut).toBe(true);
  expect(await survivors('sleep 1002')).toBe('');
});

test('a time limit that is not reached changes nothing', async () => {
  expect(await vm.run(['true'], { timeoutMs: 30_000 })).toMatchObject({ code: 0, timedOut: false });
});

test('a signal reaches the process, or its group', async () => {
  const script = 'trap "echo shell; exit 3" TERM; sleep 1003 & wait';
  const one = await vm.start(['sh', '-c', script]);
  const all = await vm.start(['sh', '-c', script.replaceAll('1003', '1004')]);
  await vm.sh('until [ $(pgrep -fc "^sleep 100[34]") = 2 ]; do sleep 0.05; done');
  one.signal('SIGTERM');
  all.signal('SIGTERM', 'group');
  expect(await one.exited).toMatchObject({ code: 3, stdout: 'shell\n' });
  expect(await all.exited).toMatchObject({ code: 3, stdout: 'shell\n' });
  expect(await survivors('sleep 100[34]')).toMatch(/^\d+ sleep 1003\n$/);
  one.signal('SIGKILL', 'session');
  await gone('sleep 1003');
});

test('a command ends when it ends itself, whatever it leaves in the background', async () => {
  const process = await vm.start(['sh', '-c', '(sleep 1; echo later) & echo now']);
  const result = await process.exited;
  expect(result).toMatchObject({ code: 0, stdout: 'now\n' });
  await expect.poll(() => process.stdout, { timeout: 10_000 }).toBe('now\nlater\n');
});

test('a command that writes without end is killed', { timeout: 180_000 }, async () => {
  await expect(vm.run(['yes', 'x'.repeat(10_000)], { timeoutMs: 170_000 })).rejects.toThrow(
    /^yes .* wrote over 64 MiB/,
  );
  await gone('yes');
});

test('orphans are reaped', async () => {
  await vm.sh('for n in 1 2 3 4 5; do (sleep 0.1 &); done');
  await gone('sleep 0.1');
  expect((await vm.sh('ps -eo stat=,ppid= | grep "^Z" || true')).stdout).toBe('');
});

async function survivors(pattern: string): Promise<string> {
  return (await vm.run(['pgrep', '-fa', `^${pattern}`])).stdout;
}

async function gone(pattern: string): Promise<void> {
  await expect.poll(() => survivors(pattern), { timeout: 10_000 }).toBe('');
}
