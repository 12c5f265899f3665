import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkout } from '../../harness/checkout.js';

/** The owner is a process of its own, so it runs what make has compiled. */
const program = `
  import { startMachine } from ${JSON.stringify(join(checkout, 'build/test/vm/harness/machine.js'))};
  await startMachine('debian-6.12', { logName: 'harness-owner' });
  console.log('started');
  await new Promise(() => setInterval(() => {}, 1000));
`;

test.each(['SIGKILL', 'SIGINT', 'SIGTERM'] as const)('%s to its owner leaves no QEMU', async (signal) => {
  const owner = spawn(process.execPath, ['--input-type=module', '-e', program], {
    cwd: checkout,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(owner.stdout, 'data');
  const [qemu] = childrenOf(owner.pid);
  if (qemu === undefined) throw new Error('the owner has no child');
  await expect.poll(() => commandLine(qemu), { timeout: 5_000 }).toMatch(/^qemu-system-x86_64/);

  owner.kill(signal);
  await once(owner, 'exit');
  await expect.poll(() => commandLine(qemu), { timeout: 10_000 }).toBe('');
});

function childrenOf(pid: number | undefined): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && parentOf(name) === pid)
    .map(Number);
}

function parentOf(pid: string): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return 0;
  }
}

/** Empty for a process that has ended, collected or not. */
function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}
