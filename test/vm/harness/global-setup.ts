import type { TestProject } from 'vitest/node';
import { describeKernel, findKernel, guestOf } from './kernel.js';
import { startSharedVm } from './shared-vm.js';

declare module 'vitest' {
  interface ProvidedContext {
    vmSocket: string;
  }
}

/** Starts the project's guest, which its name says. Tests wait for it, and for their turn. */
export default async function bootForProject(project: TestProject): Promise<() => Promise<void>> {
  const { kernel, systemd } = guestOf(project.name);
  console.log(describeKernel(await findKernel(kernel)));
  const vm = await startSharedVm(kernel, { oneAtATime: true, systemd, logName: project.name });
  project.provide('vmSocket', vm.socketPath);
  return () => vm.close();
}
