import { afterEach, describe, expect, test } from 'vitest';
import { atCall } from './at-call.js';
import { expectNothingLeft, kernelKnows, sampleOf, sh, vm } from './support.js';

afterEach(expectNothingLeft);

/** A device as dmsetup makes it: nothing about it says that it should ever go. */
const make = (name: string, more = '') => `dmsetup create --noudevsync ${name} --table '0 8 zero' ${more}`;
const nodeOf = (name: string) => `/dev/dm-$(dmsetup info -c --noheadings -o minor ${name})`;
const names = 'dmsetup info -c --noheadings -o name --sort name';

describe('rm', () => {
  test('what nobody holds is gone at once, by whatever it is named', async () => {
    const rows = sampleOf(
      [
        [make("'with a blank'"), "'with\\x20a\\x20blank'", 'with a blank'],
        [make('a'), 'a', 'a'],
        [`${make('c')}; ln -s ${nodeOf('c')} /tmp/link-to-c`, '/tmp/link-to-c', 'c'],
        [make('b', '--uuid THE-UUID'), 'THE-UUID', 'b'],
        ['dmsetup create --noudevsync --notable d --uuid NO-TABLE', 'NO-TABLE', 'd'],
        ['dmsetup create --noudevsync --notable e', 'e', 'e'],
      ] as const,
      2,
    );
    const output = await sh(`set -e
      ${rows.map(([made]) => made).join('\n      ')}
      # The last place that a node is made in does not hide what the ones before have told.
      mount -t tmpfs -o nodev none /var/tmp
      for device in ${rows.map(([, device]) => device).join(' ')}; do dmfd rm "$device"; done
      umount /var/tmp; rm /tmp/link-to-c; dmsetup info -c`);
    expect(output).toBe(`${rows.map(([, , name]) => `${name}: removed\n`).join('')}No devices found\n`);
  });

  test('what is held goes with its last holder, and who that is, is told', async () => {
    const output = await sh(`
      ${make('held')}; exec 9<${nodeOf('held')}; sleep 1000 >/dev/null 2>&1 & exec 9<&-
      dmfd rm held; dmsetup info held | grep State; dmfd rm held
      kill $!; wait $!; n=0; while [ -n "$(dmsetup info held 2>/dev/null)" ] && [ $n -lt 40 ]; do n=$((n+1)); sleep 0.05; done
      dmfd create own ${"--table '0 8 zero'"} -- dmfd rm own`);
    const [marked, state, again, own] = output.trim().split('\n');
    expect(marked).toMatch(/^held: goes with its last holder: process \d+ \(sleep\)$/);
    expect(state).toMatch(/ACTIVE \(DEFERRED REMOVE\)/);
    expect(again).toBe(marked);
    // The descriptor is its own, inherited, and this process is not told.
    expect(own).toMatch(/^own: goes with its last holder: /);
  });

  test('what is being made is left to its maker; what is leaked is removed', async () => {
    const run = 'dmfd rm slow';
    const output = await sh(
      `${atCall('DM_DEV_REMOVE', { run })} dmfd create slow --mode fallback --table '0 8 zero' -- echo ran 2>&1`,
    );
    expect(output).toBe(
      'dmfd: device slow: it is being made at this moment\n  hint: it is left alone: end the process that makes it, and it goes by itself\nran\n',
    );
    const leak = atCall('DM_DEV_REMOVE', { run: 'kill -9 $COMMAND $CALLER' });
    expect(
      await sh(
        `${leak} dmfd create leaked --mode fallback --table '0 8 zero' -- true 2>/dev/null; dmfd rm leaked`,
      ),
    ).toBe('leaked: removed\n');
  });

  test('one that is not there, one that is none, and one too many', async () => {
    const rows = sampleOf(
      [
        ['absent', 'there is no such device'],
        ['', 'no device is called so'],
        ['/dev/loop0', 'it is a block device, but none of device-mapper'],
        ['/dev/nonexistent', 'there is no block device at that path'],
        ['twin', '/dev/dm-N and /dev/dm-N have that name or UUID; name one'],
        ['/dev/null', 'there is no block device at that path'],
      ] as const,
      2,
    );
    const { code, stdout, stderr } = await vm.sh(`
      modprobe loop; ${make('twin', '--uuid ONE')}; ${make('other', '--uuid twin')}
      for device in ${rows.map(([device]) => `'${device}'`).join(' ')}; do dmfd rm "$device"; echo $?; done
      dmfd rm --diskseq 999999; echo $?; dmfd rm other; dmfd rm ONE`);
    expect(stdout).toBe(`${'125\n'.repeat(rows.length + 1)}other: removed\ntwin: removed\n`);
    const said = stderr.split('\n').filter((line) => line.startsWith('dmfd: '));
    expect(
      said.map((line) =>
        line.replace(/dm-\d+ and (.*)dm-\d+/, 'dm-N and $1dm-N').replace(/(; name one).*/, '$1'),
      ),
    ).toEqual([
      ...rows.map(([device, message]) => `dmfd: device "${device}": ${message}`),
      'dmfd: disk sequence number 999999: no device has it',
    ]);
    expect(code).toBe(0);
  });
});

if (kernelKnows('diskseq')) {
  describe('rm --diskseq', () => {
    const seqOf = (name: string) => `$(cat /sys/block/$(basename ${nodeOf(name)})/diskseq)`;

    test('removes that device', async () => {
      expect(
        await sh(`${make('one')}; ${make('two')}; dmfd rm --diskseq ${seqOf('one')}; ${names}; dmfd rm two`),
      ).toBe('one: removed\ntwo\ntwo: removed\n');
    });

    // The second device gets the number, the name and the UUID of the first. From the opening on, the descriptor pins it.
    test.each(sampleOf(['/dev/dm-', 'BLKGETDISKSEQ'] as const, 2))(
      'never removes the one that has taken its number, at %s',
      async (call) => {
        const replace = `dmsetup remove --noudevsync --deferred one; sleep 0.2; dmsetup create --noudevsync new --table "0 16 zero"`;
        const { stdout, stderr } = await vm.sh(
          `${make('one')}; ${atCall(call, { run: replace })} dmfd rm --diskseq ${seqOf('one')}; echo $?; ${names}; dmfd rm new`,
        );
        if (call === '/dev/dm-') {
          expect(stderr).toMatch(/^dmfd: disk sequence number \d+: no device has it\n/);
          expect(stdout).toBe('125\nnew\nnew: removed\n');
        } else {
          // It is held now: the new device has another number, and the old one goes when it is let go of.
          expect(stdout).toBe('one: removed\n0\nnew\nnew: removed\n');
        }
      },
    );
  });
}
