import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { atCall } from './at-call.js';
import { expectNothingLeft, image, sh, vm } from './support.js';

const CREATE = "dmfd create ours --loop /tmp/ours.img --table '0 2048 linear {loop0} 0'";

/** Prints what stands in the first sector of the device, and on which device it lies. */
const LOOK = `-- sh -c 'head -c 4 {path}; echo; dmsetup table ours'`;

beforeAll(async () => {
  await image('ours.img', 1);
  await image('theirs.img', 1);
  await sh(`printf ours | dd of=/tmp/ours.img conv=notrunc status=none; ${CREATE} -- true`);
});

afterEach(expectNothingLeft);

describe('other processes work with loop devices, too', () => {
  test('one takes the free device first', async () => {
    const output = await sh(
      `${atCall('LOOP_CONFIGURE', { run: 'losetup --find --show /tmp/theirs.img' })} ${CREATE} ${LOOK}
       losetup -n -O NAME -j /tmp/theirs.img; losetup -d $(losetup -n -O NAME -j /tmp/theirs.img)`,
    );
    const [taken, first, table, kept] = output.trim().split('\n');
    expect(first).toBe('ours');
    expect(kept).toBe(taken);
    expect(table).toMatch(/^0 2048 linear 7:\d+ 0$/);
    expect(table).not.toContain(` 7:${taken?.replace('/dev/loop', '')} `);
  });

  test('one removes the free device before it is opened', async () => {
    const remove =
      'perl -e "open(F, q(+<), q(/dev/loop-control)) and ioctl(F, 0x4c81, 0 + shift) or die" $free';
    // The first that is opened is /dev/loop-control.
    const output = await sh(
      `export free=$(losetup -f | tr -dc 0-9)
       ${atCall('/dev/loop', { nth: 2, run: `[ -b /dev/loop$free ] && ${remove} && [ ! -e /dev/loop$free ] && echo removed` })} ${CREATE} ${LOOK}`,
    );
    expect(output).toMatch(/^removed\nours\n0 2048 linear 7:\d+ 0\n$/);
  });

  test('they attach and detach all the time', async () => {
    const output = await sh(`
      touch /tmp/churning
      for i in 1 2 3; do
        while [ -e /tmp/churning ]; do losetup -d $(losetup --find --show /tmp/theirs.img); done &
      done 2>/dev/null
      for i in 1 2 3 4; do ${CREATE.replace('ours', 'ours$i')} -- head -c 4 {path} & makers="$makers $!"; done
      for maker in $makers; do wait $maker; echo " $?"; done
      rm /tmp/churning; wait; losetup -j /tmp/theirs.img`);
    expect(output.match(/ours/g)).toHaveLength(4);
    expect(output.match(/ 0\n/g)).toHaveLength(4);
  });

  test('the number is held until the table has it', async () => {
    const detach = 'losetup -d $(losetup -n -O NAME -j /tmp/ours.img); losetup --find --show /tmp/theirs.img';
    const output = await sh(
      `${atCall('DM_TABLE_LOAD', { run: detach })} ${CREATE} ${LOOK}; losetup -d $(losetup -n -O NAME -j /tmp/theirs.img)`,
    );
    expect(output).toMatch(/^\/dev\/loop\d+\nours\n0 2048 linear 7:\d+ 0\n$/);
  });
});

describe('a kernel without LOOP_CONFIGURE', () => {
  const OLD = atCall('LOOP_CONFIGURE', { nth: 0, error: 'EINVAL' });

  test.each([
    ['EINVAL', ''],
    ['ENOTTY', ' --readonly'],
  ] as const)('that says %s: attached in two calls%s', async (error, options) => {
    const old = atCall('LOOP_CONFIGURE', { nth: 0, error });
    const { code, stdout, stderr } = await vm.sh(
      `${old} ${CREATE}${options} -v --wait-gone -- sh -c 'losetup -nO AUTOCLEAR,RO,OFFSET,SIZELIMIT,BACK-FILE; head -c 4 {path}'; losetup -a`,
    );
    expect(stderr).toMatch(new RegExp(`LOOP_CONFIGURE: ${error} .*\n.*LOOP_SET_FD, LOOP_SET_STATUS64: ok`));
    expect(stdout).toMatch(new RegExp(`^ *1 +${options === '' ? 0 : 1} +0 +0 /tmp/ours.img\nours$`));
    expect(code).toBe(0);
  });

  test('which is lost to another process: the next one is tried', async () => {
    const output = await sh(
      `${OLD} ${atCall('LOOP_SET_FD', { run: 'losetup --find /tmp/theirs.img' })} ${CREATE} ${LOOK}
       losetup -d $(losetup -n -O NAME -j /tmp/theirs.img)`,
    );
    expect(output).toMatch(/^ours\n0 2048 linear 7:\d+ 0\n$/);
  });

  test('whose second call fails: detached again', async () => {
    const { code, stderr } = await vm.sh(
      `${OLD} ${atCall('LOOP_SET_STATUS64', { error: 'EIO' })} ${CREATE} -- echo ran`,
    );
    expect(code).toBe(125);
    expect(stderr).toMatch(/^dmfd: loop file "\/tmp\/ours.img": attach to \/dev\/loop\d+: EIO/);
  });

  test.each(['LOOP_SET_FD', 'LOOP_SET_STATUS64'] as const)('and SIGKILL at %s', async (call) => {
    for (const [victim, status] of [
      ['$COMMAND', 137],
      ['$CALLER', 125],
    ]) {
      const { code, stdout } = await vm.sh(
        `${OLD} ${atCall(call, { run: `kill -9 ${victim}` })} ${CREATE} -- echo ran`,
      );
      expect([victim, code, stdout]).toEqual([victim, status, '']);
      await expectNothingLeft();
    }
  });
});

test('a file of odd size: rounded down to sectors, with a warning', async () => {
  const create = "dmfd create ours --loop /tmp/odd.img --table '0 195 linear {loop0} 0'";
  const result = await vm.sh(
    `truncate -s 100000 /tmp/odd.img; ${create} -- sh -c 'blockdev --getsize64 {path}'; ${create} -q -- true`,
  );
  expect(result).toMatchObject({ code: 0, stdout: '99840\n' });
  expect(result.stderr).toBe(
    'dmfd: loop file "/tmp/odd.img": its 100000 bytes are no multiple of 512; the last 160 are left out\n',
  );
});

test('a block device in place of a file', async () => {
  const output = await sh(
    `loop=$(losetup --find --show /tmp/ours.img); dmfd create ours --loop $loop --table '0 2048 linear {loop0} 0' ${LOOK}; losetup -d $loop`,
  );
  expect(output).toMatch(/^ours\n0 2048 linear 7:\d+ 0\n$/);
});

test('40 files under one device', async () => {
  const files = Array.from({ length: 40 }, (_, index) => `/tmp/forty/${index}.img`);
  const table = files.map((_, index) => `${8 * index} 8 linear {loop${index}} 0\n`).join('');
  const output = await sh(`
    mkdir -p /tmp/forty
    for file in $(seq -f /tmp/forty/%g.img 0 39); do printf '%-4096s' $file >$file; done
    printf '${table}' | dmfd create ours --table-file - ${files.map((file) => `--loop ${file}`).join(' ')} --wait-gone -- sh -c '
      tr -s " " "\\n" <{path}; ls -d /sys/block/loop*/loop | wc -l'
    ls -d /sys/block/loop*/loop 2>/dev/null | wc -l`);
  expect(output.trim().split('\n')).toEqual([...files, '40', '0']);
});
