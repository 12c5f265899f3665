import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { checkout } from '../harness/checkout.js';
import { expectNothingLeft, sh, thorough, vm } from './support.js';

/** The blocks of docs/ci.md, as they stand there: the workflow, and xfstests' shell. */
const [workflow = '', xfstests = ''] = [
  ...readFileSync(join(checkout, 'docs/ci.md'), 'utf8').matchAll(/^```(?:yaml|sh)\n(.*?)^```$/gms),
].map(([, block = '']) => block);

/** The scripts of the workflow's steps, but for the one that installs dmfd: the guest has it, and no network. */
const scripts = [...workflow.matchAll(/^ +(?:- )?run: (?:\|\n((?: {10}.*\n)+)|(.*)\n)/gm)]
  .map(([, block, line]) => (block ?? line ?? '').replace(/\$\{\{ matrix\.filesystem \}\}/g, 'ext4'))
  .filter((script) => !script.includes('npm install'));

const IN_PLACE = 'cd /tmp/ci; PATH=/tmp/ci/bin:$PATH';

/** In the places of what the runner, and the repository that is tested, have. */
beforeAll(async () => {
  await sh(`mkdir -p /tmp/ci/bin; cd /tmp/ci
    printf '#!/bin/sh\\nexec "$@"\\n' >bin/sudo
    printf '#!/bin/sh\\nfor folder; do :; done; mountpoint -q "$folder" && echo tested >"$folder/file" && cat "$folder/file"\\n' >run-tests
    printf '#!/bin/sh\\nset -e; mount "$TEST_DEV" "$TEST_DIR"; mkfs.xfs -q "$SCRATCH_DEV"; mount "$SCRATCH_DEV" "$SCRATCH_MNT"
      grep -c " /mnt/.* xfs " /proc/mounts; umount "$TEST_DIR" "$SCRATCH_MNT"\\n' >check
    chmod 755 bin/sudo run-tests check`);
});

afterEach(expectNothingLeft);

test('the workflow: a file system that works, one whose disk drops writes, and nothing is left', async () => {
  expect(scripts).toHaveLength(4);
  const outputs = [];
  for (const script of scripts) outputs.push(await sh(`${IN_PLACE}; set -e; ${script}`));
  expect(outputs).toEqual(['', 'tested\n', 'tested\n', '']);
});

test('a mount in a namespace of its own ends with a job that is killed', async () => {
  const script = 'mkfs.ext4 -q {path}; mount {path} /mnt; echo mounted; exec sleep 1000';
  const command = ['dmfd', 'create', '--linear', 'disk.img', '--', 'unshare', '-m', 'sh', '-ec', script];
  const job = await vm.start(command, { cwd: '/tmp/ci' });
  await job.waitForOutput(/mounted/, 60_000);
  job.signal('SIGKILL', 'session');
  expect(await job.exited).toMatchObject({ signal: 'SIGKILL' });
});

thorough(
  'xfstests gets two devices by their names, here as the page says for where no udevd runs',
  async () => {
    // As large as XFS has to be.
    const script = xfstests
      .replace('-s 4G', '-s 512M')
      .replaceAll('--udev full --udev-wait', '--mapper-link');
    expect(await sh(`${IN_PLACE}; ${script}`)).toBe('2\n');
  },
);
