import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { program } from '../../programs.js';
import { testsAll } from '../../vm/default-set.js';
import { expectNothingLeft, sh, vm } from '../../vm/scenarios/support.js';
import { replyOf } from './series.js';

const create = program('descriptor-create');
const stable = program('descriptor-stable');
/** Of descriptors. The other kind is any device's. */
const KINDS = testsAll ? ['returned', 'opened'] : ['returned'];
const doomed = ['--fd', '--deferred'];

/** Shell: two loop devices that detach by themselves, as $a and $b. */
const LOOPS = `
truncate -s 32M /tmp/a /tmp/b
a=$(losetup -f --show /tmp/a) b=$(losetup -f --show /tmp/b)
trap 'losetup -d $a $b' EXIT`;

afterEach(expectNothingLeft);

describe('a table for a device that was made with a descriptor', () => {
  const size = 'blockdev --getsz /proc/self/fd/3';

  test('gives the open descriptor its size when it becomes live', async () => {
    const { after } = await replyOf(
      create,
      [...doomed, 'sized'],
      `${LOOPS}; ${size}; dmsetup load sized --table "0 2048 linear $a 0"; ${size}; dmsetup resume sized; ${size}
       dmsetup suspend sized; dmsetup load sized --table "0 4096 linear $a 0"; dmsetup resume sized; ${size}`,
    );
    expect(after).toBe('0\n0\n2048\n4096\n');
  });

  describe('may be', () => {
    /** Sectors, what goes before the table, and the table. */
    const tables: Record<string, readonly [number, string, string]> = {
      linear: [8192, '', '0 8192 linear $a 0'],
      striped: [8192, '', '0 8192 striped 2 128 $a 0 $b 0'],
      error: [8192, '', '0 8192 error'],
      zero: [8192, '', '0 8192 zero'],
      crypt: [8192, '', `0 8192 crypt aes-xts-plain64 ${'0123456789abcdef'.repeat(4)} 0 $a 0`],
      delay: [8192, '', '0 8192 delay $a 0 0'],
      flakey: [8192, '', '0 8192 flakey $a 0 60 0'],
      mirror: [8192, '', '0 8192 mirror core 1 1024 2 $a 0 $b 0'],
      snapshot: [8192, '', '0 8192 snapshot $a $b N 8'],
      'snapshot-origin': [8192, '', '0 8192 snapshot-origin $a'],
      'thin-pool': [8192, '', '0 8192 thin-pool $a $b 128 0'],
      writecache: [8192, '', '0 8192 writecache s $a $b 4096 0'],
      verity: [8, '-r', `0 8 verity 1 $a $b 4096 4096 1 1 sha256 ${'0'.repeat(64)} -`],
      'multipath, bio-based': [8192, '', '0 8192 multipath 2 queue_mode bio 0 1 1 round-robin 0 1 1 $a 1'],
      'two targets': [8192, '', '0 4096 linear $a 0\\n4096 4096 zero'],
    };
    let seen: string[] = [];

    beforeAll(async () => {
      const attempts = Object.values(tables).map(
        ([, options, table]) => `attempt "$(printf "${table}")" ${options}`,
      );
      const said = await sh(`${LOOPS}
        attempt() {
          wipefs -aq $a $b; dd if=/dev/zero of=$b bs=64k count=1 status=none
          table=$1 options=\${2-} ${create} --fd --deferred any sh -c '
            exec 2>&1
            echo "$table" | dmsetup load $options any && dmsetup resume any
            echo ATTEMPT $(${size}) $(ls /sys/block/dm-0/slaves | wc -l)' | sed -n "s/^ATTEMPT //p"
          while dmsetup info any >/dev/null 2>&1; do sleep 0.05; done
        }
        ${attempts.join('\n')}`);
      seen = said.split('\n');
    });

    test.each(Object.entries(tables).map(([name, row], index) => ({ name, row, index })))(
      '$name',
      ({ row: [sectors, , table], index }) => {
        const slaves = Number(table.includes('$a')) + Number(table.includes('$b'));
        expect(seen[index]).toBe(`${sectors} ${slaves}`);
      },
    );
  });

  test('cannot be request-based: it is refused, and the device can still have another', async () => {
    const { after } = await replyOf(
      create,
      [...doomed, 'paths'],
      `${LOOPS}; dmsetup load paths --table "0 8192 multipath 0 0 1 1 round-robin 0 1 1 $a 1"
       dmsetup load paths --table "0 8192 linear $b 0" && dmsetup resume paths && ${size}
       losetup -d $a; losetup -l -O BACK-FILE -n`,
    );
    expect(after).toContain('Invalid argument');
    // The refused table has let go of its device.
    expect(after).toMatch(/\n8192\n\/tmp\/b\n/);
    expect(vm.consoleTail(50)).toContain("can't change device type");
  });

  test('decides about writes to the device', async () => {
    const { after } = await replyOf(
      create,
      [...doomed, 'protected'],
      `${LOOPS}; dmsetup load -r protected --table "0 2048 linear $a 0"; dmsetup resume protected
       blockdev --getro /proc/self/fd/3; dd if=/dev/zero bs=512 count=1 status=none >&3`,
    );
    expect(after).toMatch(/^1\ndd: .*Operation not permitted/);
  });

  test('may be loaded by somebody else', async () => {
    const { after } = await replyOf(
      create,
      [...doomed, 'theirs'],
      'dmsetup load theirs --table "0 64 zero" 3<&-; dmsetup resume theirs 3<&-; head -c 32768 <&3 | wc -c',
    );
    expect(after).toBe('32768\n');
  });

  test.each(KINDS)('that needs stable pages gets them (%s)', async (kind) => {
    const firstWritten = (stableWrites: 0 | 1) =>
      sh(`rm -f /tmp/a; ${LOOPS}; echo ${stableWrites} >/sys/block/\${a#/dev/}/queue/stable_writes
        ${stable} ${kind} stable-${kind} 8192 delay "$a 0 0 $a 0 2000" /tmp/a`);
    expect(await firstWritten(1)).toBe('a\n');
    await expectNothingLeft();
    // What is on its way may be changed.
    expect(await firstWritten(0)).toBe('b\n');
  });
});
