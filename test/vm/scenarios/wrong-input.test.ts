import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bootedVm } from '../harness/index.js';
import { sampleOf } from './support.js';
import { FILES } from './wrong-input/files.js';
import { KERNEL } from './wrong-input/kernel.js';
import { LOOKING } from './wrong-input/looking.js';
import { NAMES } from './wrong-input/names.js';
import { OPTIONS } from './wrong-input/options.js';
import { PERMISSIONS } from './wrong-input/permissions.js';
import { PRESETS } from './wrong-input/presets.js';
import { attempt, PLAYGROUND, type Row } from './wrong-input/row.js';
import { TABLES } from './wrong-input/tables.js';

const vm = await bootedVm();

/** The first dmfd loads the drivers. A checkout in root's home is opened to other users, in the guest only. */
const PREPARE = `
  mkdir -p ${PLAYGROUND} && cd ${PLAYGROUND}
  truncate -s 1M disk.img; dmfd create --loop disk.img --table '0 8 linear {loop0} 0' -- true
  dmsetup create theirs --uuid THEIR-UUID --table '0 8 zero'; cp disk.img "$(printf 'd\\377.img')"
  truncate -s 100 small.img; truncate -s 1000 odd.img; : >empty.img
  printf '0 8 zero\\n8 8 ze\\0ro\\n' >nul.table; printf '0 8 linear /dev/\\377 0\\n' >latin1.table
  printf 'echo\\n' >no-first-line; printf '#!/nonexistent/interpreter\\n' >no-interpreter
  cp /bin/sleep program; chmod +x no-first-line no-interpreter program
  mkdir directory mounted readonly bare; mkfifo fifo; ln -s nowhere dangling; ln -s circle circle
  truncate -s 16M ext4.img; mkfs.ext4 -q ext4.img; mount -o loop ext4.img mounted
  truncate -s 1M mounted/immutable.img mounted/other.img; chattr +i mounted/immutable.img
  mount --bind mounted readonly; mount -o remount,bind,ro readonly
  echo +pids >/sys/fs/cgroup/cgroup.subtree_control
  parent=$(readlink -f "$(command -v dmfd)")
  while parent=$(dirname "$parent"); [ "$parent" != / ]; do chmod o+x "$parent" 2>/dev/null || :; done
`;

const CLEAN_UP = `
  cd ${PLAYGROUND}; chattr -i mounted/immutable.img; umount readonly mounted
  dmsetup remove theirs; cd /; rm -r ${PLAYGROUND}
`;

beforeAll(async () => {
  expect(await vm.sh(`set -e; ${PREPARE}`)).toMatchObject({ code: 0, stderr: '' });
});

afterAll(async () => {
  expect(await vm.sh(`set -e; ${CLEAN_UP}`)).toMatchObject({ code: 0, stderr: '' });
});

const groups: Readonly<Record<string, readonly Row[]>> = {
  'a wrong table': TABLES,
  'a wrong name': NAMES,
  'a wrong file': FILES,
  'a wrong preset': PRESETS,
  'a wrong option or command': OPTIONS,
  'a wrong device': LOOKING,
  'what the kernel refuses': KERNEL,
  'what this process may not do': PERMISSIONS,
};

/** Of these, `make test` takes every ninth. */
const ASKS_KERNEL: readonly (readonly Row[])[] = [FILES, KERNEL, PERMISSIONS];
/** Of these, which unit tests say most of, every 27th; of the others, nearly all refused before the kernel is asked, every 13th. */
const ASKS_NOBODY: readonly (readonly Row[])[] = [TABLES, NAMES, OPTIONS];

describe.each(Object.entries(groups))('%s', (_group, rows) => {
  const anywhere = rows.filter(({ kernels }) => kernels === undefined);
  const here = [
    ...sampleOf(anywhere, ASKS_KERNEL.includes(rows) ? 9 : ASKS_NOBODY.includes(rows) ? 27 : 13),
    ...rows.filter(({ kernels }) => kernels?.test(vm.kernel.name)),
  ];

  test.each(here.map((row) => [row.what, row] as const))('%s', async (_what, row) => {
    const { line, code = 125, says, prints } = row;
    const outcome = await attempt(vm, line);
    expect(outcome).toMatchObject({ code, left: '' });
    for (const words of says) expect(outcome.stderr).toMatch(words);
    // Words for people, no stack of the program.
    expect(outcome.stderr).not.toMatch(/should not have happened|\n {4}at /);
    expect(outcome.stdout).toMatch(prints ?? /^$/);
  });
});
