import { readFileSync, statSync } from 'node:fs';
import { cachedBuild, fileContents } from './cached-build.js';
import { vmFile } from './checkout.js';
import { commandOutput } from './command-output.js';
import type { Kernel } from './kernel.js';

/** Builds the initramfs that boots `kernel` into `agent`, and returns its path. */
export async function builtInitramfs(kernel: Kernel, agent: string): Promise<string> {
  const image = statSync(kernel.image);
  const busybox = (await commandOutput('busybox')).split('\n', 1).join();
  const inputs = [
    kernel.release,
    `${image.size} ${image.mtimeMs}`,
    busybox,
    readFileSync(agent),
    ...fileContents(vmFile('initramfs')),
    ...fileContents(vmFile('systemd')),
  ];
  return cachedBuild(`initramfs-${kernel.name}`, inputs, (output) =>
    commandOutput(vmFile('initramfs/build.sh'), kernel.directory, agent, output),
  );
}
