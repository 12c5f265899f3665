import { afterEach, expect, test } from 'vitest';
import { expectedMode, expectNothingLeft, image, sh, vm, whole } from './support.js';

const SAY = "--table '0 8 zero' -- sh -c 'echo $DMFD_MODE'";

afterEach(expectNothingLeft);

test('--mode auto takes the best that the kernel has, --mode fallback never the descriptor', async () => {
  expect(await sh(`dmfd create --mode auto ${SAY}; dmfd create --mode fallback ${SAY}`)).toBe(
    `${expectedMode}\nfallback\n`,
  );
});

test('--mode atomic works where the kernel returns the descriptor, and explains itself where not', async () => {
  const { code, stdout, stderr } = await vm.sh(`dmfd create --mode atomic ${SAY}`);
  if (expectedMode === 'atomic') {
    expect([code, stdout, stderr]).toEqual([0, 'atomic\n', '']);
  } else {
    expect([code, stdout]).toEqual([125, '']);
    expect(stderr).toMatch(/does not return a descriptor from DM_DEV_CREATE.*\n {2}hint: .*--mode auto/);
  }
});

/** The ioctls of device-mapper and the loop driver that lines begin with, after `before`. */
function ioctlsIn(text: string, before: RegExp): string[] {
  const lines = text.split('\n').map((line) => line.replace(before, ''));
  return lines.flatMap((line) => /^(?:DM|LOOP)_[A-Z0-9_]+/.exec(line) ?? []).sort();
}

// It is the same on all stock kernels.
if (whole || expectedMode === 'atomic') {
  test('-v tells each ioctl for devices', async () => {
    await image('told.img', 1);
    const traced = 'strace --seccomp-bpf -f -qq -e trace=ioctl -o /tmp/ioctls';
    const { stderr } = await vm.sh(`${traced} dmfd create -v --linear /tmp/told.img -- true`);
    const made = ioctlsIn(await sh('cat /tmp/ioctls'), /^\d+ +ioctl\(\d+, /);
    expect(made).toContain('DM_TABLE_LOAD');
    expect(made).toContain('LOOP_CTL_GET_FREE');
    expect(ioctlsIn(stderr, /^dmfd: /)).toEqual(made);
  });

  test('-v tells which mode it was; bit 20 is in none of --mode fallback', async () => {
    const verbose = async (mode: string) => (await vm.sh(`dmfd create -v --mode ${mode} ${SAY}`)).stderr;
    expect(await verbose('auto')).toMatch(
      /^dmfd: DM_DEV_CREATE with DM_FILE_DESCRIPTOR_FLAG: ok \([\d.]+ ms\)$/m,
    );
    const fallback = await verbose('fallback');
    expect(fallback).not.toMatch(/DM_FILE_DESCRIPTOR_FLAG/);
    expect(fallback).toMatch(/^dmfd: DM_DEV_REMOVE, deferred: ok/m);
  });
}
