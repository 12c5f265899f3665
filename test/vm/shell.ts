/**
 * A guest to try things in. `KERNEL` names its kernel; with `RUN` it runs that line of shell and ends as it
 * does, otherwise it gives the terminal a shell and powers off with it. `SYSTEMD=1` makes systemd its process 1; with
 * `XEN=1` it is domain 0 of Xen; `APPEND` is added to the kernel's command line.
 */
import { execFileSync } from 'node:child_process';
import { constants } from 'node:os';
import type { CommandResult } from './harness/process.js';
import { startVm } from './harness/shared-vm.js';

const kernel = process.env.KERNEL || 'debian-6.12';
const line = process.env.RUN;
const options = {
  logName: `shell-${kernel}`,
  systemd: process.env.SYSTEMD === '1',
  xen: process.env.XEN === '1',
  ...(process.env.APPEND ? { append: process.env.APPEND } : {}),
};
const guestTerminal = '/dev/hvc0';

try {
  const result = line ? await runLine(kernel, line) : await openShell(kernel);
  process.exitCode = result.signal ? 128 + constants.signals[result.signal] : (result.code ?? 1);
} catch (error) {
  console.error(`vm: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}

async function runLine(kernel: string, line: string): Promise<CommandResult> {
  const vm = await startVm(kernel, options);
  const command = await vm.start(['sh', '-c', line], {
    timeoutMs: 0,
    stdin: process.stdin.isTTY ? 'null' : 'pipe',
    onOutput: (stream, bytes) => process[stream].write(bytes),
  });
  if (!process.stdin.isTTY) {
    process.stdin.on('data', (bytes) => command.write(bytes));
    process.stdin.once('end', () => command.closeStdin());
  }
  const result = await command.exited;
  process.stdin.destroy();
  await vm.close();
  return result;
}

async function openShell(kernel: string): Promise<CommandResult> {
  if (!process.stdin.isTTY || !process.stdout.isTTY)
    throw new Error("a shell needs a terminal; to run one command: make vm RUN='dmfd probe'");
  console.error(`booting ${kernel}; "exit" powers it off`);
  const settings = stty('-g');
  try {
    const vm = await startVm(kernel, { ...options, terminal: true });
    // The shell leads a session without a terminal: the one it opens becomes its own, job control and all.
    const shell = await vm.start(
      ['sh', '-c', `exec <>${guestTerminal} >&0 2>&1; stty sane ${size()}; exec bash -l`],
      {
        timeoutMs: 0,
        stdin: 'null',
        env: { TERM: process.env.TERM },
      },
    );
    process.stdout.on('resize', () => {
      void vm.sh(`stty -F ${guestTerminal} ${size()}`).catch(() => {});
    });
    const result = await shell.exited;
    await vm.run(['sleep', '0.1']); // what the shell wrote last is still on its way
    await vm.close();
    return result;
  } finally {
    stty(settings);
  }
}

function size(): string {
  return `rows ${process.stdout.rows} cols ${process.stdout.columns}`;
}

function stty(argument: string): string {
  return execFileSync('stty', [argument], { stdio: ['inherit', 'pipe', 'inherit'], encoding: 'utf8' }).trim();
}
