import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Broker } from './broker.js';
import { Guest } from './guest.js';
import { type MachineOptions, startMachine } from './machine.js';

/** A guest that boots, or has booted, and takes any number of clients at a unix socket. */
export interface SharedVm {
  socketPath: string;
  close(): Promise<void>;
}

/** Returns once QEMU runs; clients wait for the guest themselves. */
export async function startSharedVm(kernelName: string, options: MachineOptions = {}): Promise<SharedVm> {
  const machine = await startMachine(kernelName, options);
  const directory = mkdtempSync(join(socketRoot(), 'dmfd-vm-'));
  const broker = new Broker(machine);
  const socketPath = join(directory, 'guest');
  await broker.listen(socketPath);
  return {
    socketPath,
    async close() {
      broker.close();
      await machine.kill();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Boots a guest for the caller alone. */
export async function startVm(kernelName: string, options: MachineOptions = {}): Promise<OwnVm> {
  const shared = await startSharedVm(kernelName, options);
  try {
    const guest = await Guest.attach(shared.socketPath);
    return Object.assign(guest, { close: () => shared.close() });
  } catch (error) {
    await shared.close();
    throw error;
  }
}

export type OwnVm = Guest & { close(): Promise<void> };

/** A socket's path has to fit into 107 bytes. */
function socketRoot(): string {
  return tmpdir().length < 70 ? tmpdir() : '/tmp';
}
