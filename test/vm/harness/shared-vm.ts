import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Broker } from './broker.js';
import { Guest } from './guest.js';
import { type MachineOptions, startMachine } from './machine.js';
import { makeSocketDirectory } from './socket-directory.js';

/** A guest that boots, or has booted, and takes any number of clients at a unix socket. */
export interface SharedVm {
  socketPath: string;
  close(): Promise<void>;
}

/** Returns at once: clients wait for the guest, and learn why there is none. */
export async function startSharedVm(
  kernelName: string,
  options: MachineOptions & { oneAtATime?: boolean } = {},
): Promise<SharedVm> {
  const directory = makeSocketDirectory();
  const socketPath = join(directory, 'guest');
  const broker = new Broker(options);
  await broker.listen(socketPath);
  const machine = startMachine(kernelName, options);
  machine.then(
    (running) => broker.serve(running),
    (error: unknown) => broker.die(error instanceof Error ? error.message : String(error)),
  );
  return {
    socketPath,
    async close() {
      broker.close();
      await machine.then((running) => running.kill()).catch(() => {});
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

export type OwnVm = Guest & { close(): Promise<void> };

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
