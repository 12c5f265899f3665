import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CommandResult } from '../harness/index.js';
import { type OwnVm, startVm } from '../harness/shared-vm.js';
import { recipeText } from './recipes/text.js';
import { GONE, vm } from './support.js';

/** A guest whose kernel does not mount what is open for writing. */
let strict: OwnVm;

const recipe = recipeText('The same where a device open for writing cannot be mounted');

beforeAll(async () => {
  const { name } = vm.kernel;
  strict = await startVm(name, { logName: `strict-${name}`, append: 'bdev_allow_write_mounted=0' });
});

afterAll(() => strict.close());

/** In an empty directory; the standard output ends with what is left afterwards. */
async function run(script: string): Promise<CommandResult> {
  return strict.sh(
    `${GONE}\nrm -rf /tmp/recipe; mkdir /tmp/recipe; cd /tmp/recipe; sh -euc "$SCRIPT"; status=$?; gone; exit $status`,
    { env: { SCRIPT: script } },
  );
}

test('held by a writable descriptor, a device cannot be mounted', async () => {
  const { code, stdout, stderr } = await run(recipe.replace(' --hold-readonly', ''));
  expect(stderr).toMatch(/^mount: .*already mounted or mount point busy/);
  expect({ code, stdout }).toEqual({ code: 32, stdout: '\n' });
});

test('held by a read-only descriptor, the writable device can be', async () => {
  const look = 'grep flags: /proc/self/fdinfo/{fd}; blockdev --getro {path}; ';
  const { code, stdout, stderr } = await run(recipe.replace("sh -c '", `sh -c '${look}`));
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^flags:\s+0?100000\n0\n\n$/);
  expect((await strict.sh("debugfs -R 'cat file' /tmp/recipe/disk.img 2>/dev/null")).stdout).toBe('kept\n');
});
