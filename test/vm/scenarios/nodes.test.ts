import { execFileSync } from 'node:child_process';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { checkout, vmFile } from '../harness/checkout.js';
import { expectNothingLeft, image, sh } from './support.js';

/** The newest Node of each major that dmfd is for, as make says; its program is seen in the guest. */
const nodes = (process.env.DMFD_TEST_NODES ?? '20').split(' ').map((major) => {
  const bin = execFileSync(vmFile('nodes/fetch-node.sh'), [major], { encoding: 'utf8' }).trim();
  return [major, bin] as const;
});

beforeAll(async () => {
  await image('nodes.img', 16);
  await sh('fallocate -l 16M /tmp/nodes-swap && chmod 600 /tmp/nodes-swap');
});

afterEach(expectNothingLeft);

test.each(nodes)('Node %s: a file system in an image, and a mount of it', async (_major, bin) => {
  const job = `echo $(readlink /proc/$PPID/exe); mkfs.ext4 -q "$1" && mount "$1" /mnt && stat -fc %T /mnt && umount /mnt`;
  const create = `dmfd create --linear /tmp/nodes.img --wait-gone -- sh -c '${job}' sh {path}`;
  expect(await sh(`PATH=${bin}:$PATH; ${create}`)).toBe(`${bin}/node\next2/ext3\n`);
});

test.each(nodes)('Node %s: swap, and its end', async (_major, bin) => {
  const swaps = "tail -n +2 /proc/swaps | cut -d ' ' -f 1";
  const script = `dmfd swap /tmp/nodes-swap --name noded >/dev/null; ${swaps}; dmfd-swap-stop noded; ${swaps}`;
  expect(await sh(`PATH=${bin}:${checkout}/bin:$PATH; ${script}`)).toMatch(/^\/dev\/dm-\d+\n$/);
});

test.each(nodes)('Node %s: the library, in a thread', async (major, bin) => {
  const script = `import { createDevice } from '${checkout}/dist/module/index.js';
    const device = await createDevice({ segments: [{ target: 'zero', size: 1048576n }] });
    console.log(process.version.split('.')[0], device.size);
    await device[Symbol.asyncDispose]();`;
  expect(await sh(`${bin}/node --input-type=module -e "${script}"`)).toBe(`v${major} 1048576n\n`);
});
