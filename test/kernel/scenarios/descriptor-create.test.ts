import { afterEach, describe, expect, test } from 'vitest';
import { program } from '../../programs.js';
import { expectNothingLeft, sh } from '../../vm/scenarios/support.js';
import { replyOf } from './series.js';

const create = program('descriptor-create');

afterEach(expectNothingLeft);

describe('DM_DEV_CREATE with DM_FILE_DESCRIPTOR_FLAG', () => {
  test('returns a close-on-exec descriptor of the device, open once', async () => {
    const { reply } = await replyOf(create, ['--fd', '--deferred', 'plain']);
    expect(reply).toMatchObject({
      error: 'none',
      opened: '1',
      descriptor: 'set',
      'fd-is': 'the device',
      'fd-flags': '1',
      'fd-mode': '2',
      'open-count': '1',
    });
  });

  test('with DM_READONLY_FLAG returns one that cannot write', async () => {
    const { reply } = await replyOf(create, ['--fd', '--deferred', '--readonly', 'readonly']);
    expect(reply).toMatchObject({ error: 'none', 'fd-is': 'the device', 'fd-mode': '0' });
  });

  test('with DM_PERSISTENT_DEV_FLAG returns one of that minor', async () => {
    const { reply } = await replyOf(create, ['--fd', '--deferred', '--minor', '77', 'minor']);
    expect(reply).toMatchObject({ error: 'none', 'fd-is': 'the device', dev: expect.stringMatching(/:77$/) });
  });

  test('returns it to a 32-bit caller too', async () => {
    const { reply } = await replyOf(create, ['--compat', '--fd', '--deferred', 'compat']);
    expect(reply).toMatchObject({ error: 'none', 'fd-is': 'the device', 'fd-flags': '1' });
    expect((await replyOf(create, ['--compat', '--deferred', 'compat'])).reply).toMatchObject({
      error: 'EINVAL',
    });
  });

  test('without DM_DEFERRED_REMOVE leaves a device that outlives the descriptor', async () => {
    const { reply } = await replyOf(create, ['--fd', 'staying']);
    expect(reply).toMatchObject({ error: 'none', flags: '100000', 'fd-is': 'the device' });
    expect(await sh('dmsetup info -c --noheadings -o name,open staying')).toBe('staying:0\n');
    await sh('dmsetup remove staying');
  });

  test('marks the device for its last close at once, and a failed plain remove does not change that', async () => {
    const { reply, after } = await replyOf(
      create,
      ['--fd', '--deferred', 'marked'],
      'dmsetup remove marked 2>&1; dmsetup info marked',
    );
    expect(reply).toMatchObject({ flags: '120000' });
    expect(after).toContain('Device or resource busy');
    expect(after).toMatch(/State: +ACTIVE \(DEFERRED REMOVE\)/);
  });
});

describe('what fails', () => {
  test('DM_DEFERRED_REMOVE without a descriptor is refused', async () => {
    expect((await replyOf(create, ['--deferred', 'alone'])).reply).toEqual({
      error: 'EINVAL',
      number: 'free',
      opened: '0',
    });
  });

  test.each(['--deferred', ''])(
    'with no descriptor number free there is no device (%s)',
    async (deferred) => {
      const options = ['--fd', '--full', deferred, 'full'].filter(Boolean);
      expect((await replyOf(create, options)).reply).toEqual({ error: 'EMFILE' });
      // Nothing to wait for: it was never made.
      expect(await sh('dmsetup ls')).toBe('No devices found\n');
    },
  );

  test.each(['--deferred', ''])(
    'with a reply that cannot be written nothing is left (%s)',
    async (deferred) => {
      const options = ['--fd', '--unwritable', deferred, 'unwritable'].filter(Boolean);
      expect((await replyOf(create, options)).reply).toEqual({
        error: 'EFAULT',
        number: 'free',
        opened: '0',
      });
    },
  );

  test('a name or UUID that is taken opens nothing, and the device that has it stays', async () => {
    const { after } = await replyOf(
      create,
      ['--fd', '--deferred', '--uuid', 'U', 'taken'],
      `${create} --fd --deferred taken
       ${create} --fd --deferred --uuid U other
       dmsetup info -c --noheadings -o name,open`,
    );
    expect(after).toBe('error EBUSY\nnumber free\nopened 0\nerror EBUSY\nnumber free\nopened 0\ntaken:1\n');
  });

  test('a minor that is taken opens nothing', async () => {
    const { after } = await replyOf(
      create,
      ['--fd', '--deferred', '--minor', '5', 'first'],
      `${create} --fd --deferred --minor 5 second`,
    );
    expect(after).toBe('error ENXIO\nnumber free\nopened 0\n');
  });

  test('the caller needs CAP_SYS_ADMIN, as without the flag, and nothing more', async () => {
    const nobodyWith = (capabilities: string) =>
      sh(`chmod 666 /dev/mapper/control; setpriv --reuid 65534 --clear-groups --bounding-set -all,${capabilities} --inh-caps -all,${capabilities} \
        --ambient-caps -all,${capabilities} ${create} --fd --deferred caller; chmod 600 /dev/mapper/control`);
    expect(await nobodyWith('+dac_override')).toBe('error EACCES\nnumber free\nopened 0\n');
    expect(await nobodyWith('+sys_admin')).toMatch(/^error none\n[\s\S]*fd-is the device/);
  });
});

describe('the device cgroup', () => {
  const group = '/run/devices/refused';
  const inGroup = (rules: string, command: string) =>
    sh(`mkdir -p /run/devices
      mountpoint -q /run/devices || mount -t cgroup -o devices none /run/devices
      mkdir -p ${group}
      major=$(awk '$2 == "device-mapper" { print $1 }' /proc/devices | tail -n 1)
      ${rules}
      sh -c 'echo $$ >${group}/cgroup.procs; ${command}'
      rmdir ${group}`);

  test('refuses the descriptor as it refuses open, and the device is gone when the call returns', async () => {
    const refused = await inGroup(
      `echo "b $major:* rwm" >${group}/devices.deny`,
      `${create} --fd --deferred refused; dmsetup ls; ${create} --fd refused; dmsetup ls`,
    );
    expect(refused).toBe('error EPERM\nnumber free\nopened 0\nNo devices found\n'.repeat(2));
  });

  test('is asked about what the descriptor is opened for', async () => {
    const refused = await inGroup(
      `echo "b $major:* w" >${group}/devices.deny`,
      `${create} --fd --deferred refused; ${create} --fd --deferred --readonly allowed`,
    );
    expect(refused).toMatch(/^error EPERM\nnumber free\nopened 0\nerror none\nopened 1\n/);
  });

  test('is not asked when there is no descriptor', async () => {
    const allowed = await inGroup(
      `echo "b $major:* rwm" >${group}/devices.deny`,
      `${create} unopened; dmsetup remove unopened`,
    );
    expect(allowed).toMatch(/^error none\nopened 0\n/);
  });
});
