import { expect, test } from 'vitest';
import { program } from '../../programs.js';
import { expectNothingLeft, image, sh, vm } from './support.js';

/** The shim and its driver in one program, with the sanitizers' run-time library. */
const driver = program('shim-driver');

test('AddressSanitizer and UBSan find nothing in the native shim, on success and on failure', async () => {
  await image('driver.img', 1);
  // Loads both modules.
  await sh("dmfd create --loop /tmp/driver.img --table '0 8 linear {loop0} 0' --wait-gone -- true");
  const { stdout, stderr, code } = await vm.sh(`${driver} /tmp/driver.img $(losetup -f | tr -dc 0-9)`, {
    env: { ASAN_OPTIONS: 'exitcode=99:detect_leaks=0', UBSAN_OPTIONS: 'exitcode=99:print_stacktrace=1' },
  });
  expect(stderr).toBe('');
  expect(stdout).toBe(
    [
      'layout: ok',
      'layout in short: ok',
      'places right: 0, 72 a:2:logon:dmfd:x, 72 01fe:2:logon:dmfd:x',
      'places none: 0, 56 a{key}, 56 {key}{key}',
      'places second only: 0, 56 a{key}, 72 {key}:2:logon:dmfd:x',
      'places descending: -22',
      'places targets descending: -22',
      'places twice: -22',
      'places beside: -22',
      'places in the other target: -22',
      'places in the spec: -22',
      'places at the end: -22',
      'places beyond: -22',
      'places in no target: -22',
      'places target beyond: -22',
      'places after a target that is too long: -22',
      'places without end: -90',
      'create plain zero: 0, failed step 0, size 4096',
      'run /bin/sh: 0, exit code 3, signal 0',
      'create readonly zero: 0, failed step 0, size 4096',
      'run /bin/sh: 0, exit code 3, signal 0',
      'create noexec error: 0, failed step 0, size 4096',
      'run /nonexistent: -2, exit code 0, signal 0',
      'create badtype nosuchtarget: -22, failed step 5, size 0',
      'create badcontrol zero: -9, failed step 2, size 0',
      'create twice zero: 0, failed step 0, size 4096',
      'create twice zero: -16, failed step 4, size 0',
      'start with too few strings: -22',
      'exec with too few strings: -22',
      'start without room for a pid: -22',
      'exec with more moves than there may be: -22',
      'loop: 0, again: -16',
      'key random crypt: 0, failed step 0, given 1',
      'key piped crypt: 0, failed step 0, given 1',
      'key empty crypt: -61, failed step 15, given 0',
      'key longest linear: -22, failed step 5, given 2',
      'key longer crypt: -90, failed step 15, given 0',
      'key closed crypt: -9, failed step 15, given 0',
      'key refused crypt: -22, failed step 5, given 1',
      'key misplaced crypt: -22, failed step 5, given 0',
      'key cancelled crypt: -125, failed step 15, given 0',
      'key late crypt: -125, failed step 15, given 0',
      'log: ok',
      'create became zero: 0, failed step 0, size 4096',
      'end',
      '',
    ].join('\n'),
  );
  expect(code).toBe(0);
  await expectNothingLeft();
});
