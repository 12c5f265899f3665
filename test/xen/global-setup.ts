import type { TestProject } from 'vitest/node';
import { describeKernel, findKernel } from '../vm/harness/kernel.js';
import { startSharedVm } from '../vm/harness/shared-vm.js';

/** The kernel of domain 0. */
export const DOM0_KERNEL = 'debian-6.1';

/** Boots Xen, with Debian's kernel as domain 0. */
export default async function bootDom0(project: TestProject): Promise<() => Promise<void>> {
  console.log(`domain 0: ${describeKernel(await findKernel(DOM0_KERNEL))}`);
  const vm = await startSharedVm(DOM0_KERNEL, { oneAtATime: true, xen: true, logName: 'xen' });
  project.provide('vmSocket', vm.socketPath);
  return () => vm.close();
}
