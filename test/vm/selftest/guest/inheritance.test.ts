import { expect, test } from 'vitest';
import { bootedVm } from '../../harness/index.js';

const vm = await bootedVm();

test('a command inherits no descriptor but 0, 1 and 2', async () => {
  const { stdout } = await vm.sh('ls /proc/$$/fd | tr "\\n" " "');
  expect(stdout).toBe('0 1 2 ');
});

test('no signal is blocked or ignored', async () => {
  const { stdout } = await vm.run(['grep', '-E', '^Sig(Blk|Ign)', '/proc/self/status']);
  expect(stdout).toBe(`SigBlk:\t${'0'.repeat(16)}\nSigIgn:\t${'0'.repeat(16)}\n`);
});

test('a command leads its own session and process group', async () => {
  const process = await vm.start(['cat']);
  const { stdout } = await vm.run(['ps', '-o', 'pid=,pgid=,sid=', '-p', `${process.pid}`]);
  expect(stdout.trim().split(/\s+/)).toEqual([process.pid, process.pid, process.pid].map(String));
  process.closeStdin();
  await process.exited;
});

test('the environment is the clean default and what a test adds', async () => {
  const { stdout } = await vm.run(['env'], { env: { ADDED: 'yes', HOME: undefined } });
  expect(stdout.trim().split('\n').sort()).toEqual([
    'ADDED=yes',
    'LANG=C.UTF-8',
    'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    'TERM=dumb',
  ]);
});

test('limits are those of a login', async () => {
  expect((await vm.run(['bash', '-c', 'ulimit -Sn; ulimit -Hn; umask'])).stdout).toBe('1024\n524288\n0022\n');
});
