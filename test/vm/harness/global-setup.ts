import type { TestProject } from 'vitest/node';
import { guestsAtOnce, processorsPerGuest } from './parallelism.js';
import { startSharedVm } from './shared-vm.js';

declare module 'vitest' {
  interface ProvidedContext {
    vmSocket: string;
  }
}

/** Starts the project's guest; the project's name is the kernel's. Tests wait for it, and for their turn. */
export default async function bootForProject(project: TestProject): Promise<() => Promise<void>> {
  const guests = project.vitest.projects.filter((other) => other.config.globalSetup.length > 0).length;
  const cpus = processorsPerGuest(guestsAtOnce(guests));
  const vm = await startSharedVm(project.name, { oneAtATime: true, cpus });
  project.provide('vmSocket', vm.socketPath);
  return () => vm.close();
}
