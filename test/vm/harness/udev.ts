import { vmFile } from './checkout.js';
import { commandOutput } from './command-output.js';
import type { Guest } from './guest.js';

/** Runs a real systemd-udevd in the guest, with Debian's rules, until {@link stopUdev}. */
export async function startUdev(guest: Guest): Promise<void> {
  await mustRun(guest, vmFile('udev/start.sh'), await unpackedUdev());
}

export async function stopUdev(guest: Guest): Promise<void> {
  await mustRun(guest, vmFile('udev/stop.sh'));
}

/** The directory of Debian's udev package, which the host need not have installed. */
export async function unpackedUdev(): Promise<string> {
  return (await commandOutput(vmFile('udev/fetch.sh'))).trim();
}

async function mustRun(guest: Guest, ...argv: string[]): Promise<void> {
  const { code, stderr, timedOut } = await guest.run(argv);
  if (code !== 0)
    throw new Error(`${argv.join(' ')} ${timedOut ? 'took too long' : 'failed'} in the guest:\n${stderr}`);
}
