import type { TestProject } from 'vitest/node';
import { startSharedVm } from './shared-vm.js';

declare module 'vitest' {
  interface ProvidedContext {
    vmSocket: string;
  }
}

/** Starts the project's guest; the project's name is the kernel's. Tests wait for it themselves. */
export default async function bootForProject(project: TestProject): Promise<() => Promise<void>> {
  const vm = await startSharedVm(project.name);
  project.provide('vmSocket', vm.socketPath);
  return () => vm.close();
}
