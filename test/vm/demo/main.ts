/** `make demo`: the main job, typed and printed as a person would see it, on Debian's own kernel. */
import { findKernel } from '../harness/kernel.js';
import { startVm } from '../harness/shared-vm.js';
import { acts } from './acts.js';
import { Stage } from './stage.js';

const kernel = process.env.KERNEL || 'debian-6.12';

const { release, version } = await findKernel(kernel);
console.log(
  `Booting Linux ${release}${version ? ` (Debian's ${version})` : ''} in a virtual machine; this takes some seconds.\n`,
);
const vm = await startVm(kernel, { logName: `demo-${kernel}` });
const stage = new Stage(vm);
try {
  for (const act of acts) await act(stage);
} finally {
  await vm.close();
}
console.log(
  stage.surprises === 0
    ? `\nAll of it was as said, on Linux ${vm.kernel.release}.`
    : `\n${stage.surprises} of these steps did NOT come out as said.`,
);
process.exitCode = stage.surprises === 0 ? 0 : 1;
