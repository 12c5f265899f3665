import { afterEach, describe, expect, test } from 'vitest';
import { program } from '../../programs.js';
import { expectNothingLeft, sh, vm } from '../../vm/scenarios/support.js';
import { replyOf } from './series.js';

const create = program('descriptor-create');
const doomed = ['--fd', '--deferred'];

/** Shell: a loop device that detaches when its last user is gone, and `load NAME`, which puts NAME on it. */
const LOAD = `
truncate -s 32M /tmp/backing
loop=$(losetup -f --show /tmp/backing)
load() { dmsetup load $1 --table "0 65536 linear $loop 0" && dmsetup resume $1 && losetup -d $loop; }`;

const mappedDevices = () => sh('cat /sys/block/dm-*/dm/name');
const attachedFiles = () => sh('losetup -n -O BACK-FILE');

afterEach(expectNothingLeft);

describe('a device made with a descriptor and for deferred removal', () => {
  test.each(['SIGKILL', 'SIGTERM', 'SIGSEGV'] as const)('goes with its maker after %s', async (signal) => {
    const maker = await vm.start([create, ...doomed, 'held', 'sleep', '60']);
    await maker.waitForOutput(/fd-is/);
    expect(await mappedDevices()).toBe('held\n');
    maker.signal(signal, 'process');
    await maker.exited;
  });

  test('stays while a child holds the descriptor', async () => {
    const maker = await vm.start([create, ...doomed, 'held', 'sh', '-c', 'sleep 60 & echo child $!; wait']);
    const [, child] = await maker.waitForOutput(/child (\d+)/);
    maker.signal('SIGKILL', 'process');
    expect(await mappedDevices()).toBe('held\n');
    await sh(`kill ${child}`);
    await maker.exited;
  });

  test('stays while it is mounted, and umount destroys it and frees the loop device', async () => {
    const { after } = await replyOf(
      create,
      [...doomed, 'held'],
      `${LOAD}; load held && mkfs.ext4 -q /dev/dm-0 && mkdir -p /tmp/mounted && mount /dev/dm-0 /tmp/mounted`,
    );
    expect(after).toBe('');
    expect(await mappedDevices()).toBe('held\n');
    expect(await attachedFiles()).toBe('/tmp/backing\n');
    await sh('echo data >/tmp/mounted/file && umount /tmp/mounted');
  });

  test('stays while it is swap, and swapoff destroys it and frees the loop device', async () => {
    const { after } = await replyOf(
      create,
      [...doomed, 'held'],
      `${LOAD}; load held && mkswap -q /dev/dm-0 && swapon /dev/dm-0`,
    );
    expect(after).toBe('');
    expect(await mappedDevices()).toBe('held\n');
    expect(await attachedFiles()).toBe('/tmp/backing\n');
    await sh('swapoff /dev/dm-0');
  });

  test('stays while another mapped device uses it, and both go in turn', async () => {
    const { after } = await replyOf(
      create,
      [...doomed, 'lower'],
      `${LOAD}; load lower
       exec ${create} --fd --deferred upper sh -c '
         echo 0 65536 linear /dev/dm-0 0 | dmsetup load upper && dmsetup resume upper
         exec 4<&-
         dmsetup info -c --noheadings -o name,open --sort name' 4<&3 3<&-`,
    );
    expect(after).toContain('lower:1\nupper:1\n');
  });

  test('can be kept by taking the mark back', async () => {
    const { after } = await replyOf(
      create,
      [...doomed, 'kept'],
      // Messages need a live table.
      `${LOAD}; load kept; dmsetup message kept 0 @cancel_deferred_remove && exec 3<&- && sleep 0.2; dmsetup ls`,
    );
    expect(after).toMatch(/^kept\t/);
    await sh('dmsetup remove kept');
  });

  test('takes its node and its directory in sysfs along', async () => {
    const { after } = await replyOf(
      create,
      [...doomed, 'gone'],
      'ls -d /dev/dm-0 /sys/block/dm-0; exec 3<&-; for n in $(seq 100); do [ -e /dev/dm-0 ] || [ -e /sys/block/dm-0 ] || break; sleep 0.1; done; ls -d /dev/dm-0 /sys/block/dm-0',
    );
    expect(after.match(/^\/.*/gm)).toEqual(['/dev/dm-0', '/sys/block/dm-0']);
    expect(after.match(/No such file/g)).toHaveLength(2);
  });
});
