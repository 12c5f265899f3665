import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { program } from '../../programs.js';
import { vmFile } from '../harness/checkout.js';
import { atCall } from './at-call.js';
import { IN_MAIN, pointsFor } from './points.js';
import { everything, expectNothingLeft, image, sh, thorough, vm } from './support.js';

const hours = 3_600_000;

const killAt = program('kill-at');

/** Runs a script as the command that holds the device. */
const inside = (create: string, script: string) =>
  `cat >/tmp/inside.sh <<'EOF'\n${script}\nEOF\n  dmfd create ${create} -- sh /tmp/inside.sh; rm /tmp/inside.sh`;

afterEach(expectNothingLeft);

beforeAll(async () => {
  await image('resize.img', 16);
});

describe('a mounted file system', () => {
  const grow = vmFile('scenarios/resize/grow.sh');

  test.each(everything ? ['ext4', 'xfs'] : ['ext4'])('%s stays up, and grows with its file', async (type) => {
    const output = await sh(`${grow} ${type}`);
    expect(output.split('\n')).toEqual([
      'grown: 640M (671088640 bytes), and was 320M',
      '671088640',
      '1310720',
      expect.stringMatching(/^0 655352 linear 7:\d+ 0655352 655368 linear 7:\d+ 655352$/),
      'State:             ACTIVE (DEFERRED REMOVE)',
      'same',
      'grown',
      '',
    ]);
  });
});

thorough('only the last segment is extended, by as much as is asked for, in whole blocks', async () => {
  const output = await sh(`set -e
    dmfd create parts --loop /tmp/resize.img --table '0 8 zero' --table '8 100 linear {loop0} 1000' -- sh -c '
      dmfd resize parts --size 200; dmsetup table parts
      dmfd resize parts --size 200; dmfd resize {path} --size 31776; dmsetup table parts'`);
  expect(output.replaceAll(/7:\d+/g, '7:N').split('\n')).toEqual([
    'parts: 100K (102400 bytes), and was 54K',
    '0 8 zero ',
    '8 192 linear 7:N 1000',
    'parts: 100K (102400 bytes), as before',
    'parts: 15.5M (16269312 bytes), and was 100K',
    '0 8 zero ',
    '8 31768 linear 7:N 1000',
    '',
  ]);
});

thorough('the same on blocks of 4096 bytes', async () => {
  const output = await sh(`
    dmfd create sectors --table '0 8 zero' --loop /tmp/resize.img,sector-size=4096 --table '8 800 linear {loop0} 0' -- sh -c '
      dmfd resize sectors --size 32776; dmsetup table sectors; blockdev --getss {path}'`);
  expect(output.replaceAll(/7:\d+/g, '7:N').split('\n')).toEqual([
    'sectors: 16M (16781312 bytes), and was 404K',
    '0 8 zero ',
    '8 32768 linear 7:N 0',
    '4096',
    '',
  ]);
});

thorough(
  'what is behind a part is not taken for room, unless a size is asked for; what a layer below has got, is',
  async () => {
    const { stdout, stderr } = await vm.sh(`set -e; cd /tmp
    truncate -s 16M parts.img; printf 'start=2048,size=4096\\nstart=8192\\n' | sfdisk -q parts.img
    dmfd create part --linear parts.img,partition=1 -- sh -c '
      truncate -s 20M parts.img; dmfd resize part --to-backing || blockdev --getsz {path}
      dmfd resize part --size 3M; dmsetup table part'
    truncate -s 1M low.img
    dmfd create top --linear low.img --then --linear {below} -- sh -c '
      truncate -s 2M low.img; dmfd resize top-0 --to-backing; dmfd resize top --to-backing'
    dmfd create two --linear low.img --then --linear {layer0},size=1M --then --linear {layer0},offset=1M --linear {layer1} -- sh -c '
      dmfd resize two-1 --to-backing || blockdev --getsz {path:1}'
    loop=$(losetup -f --show low.img)
    dmfd create --concise "below,OWN-UUID,,rw,0 4096 linear $loop 0;above,,,rw,0 4096 linear /dev/mapper/below 0" -- sh -c '
      truncate -s 3M low.img; dmfd resize below --to-backing; dmfd resize above --to-backing'
    losetup -d $loop; rm parts.img low.img`);
    expect(stdout.replaceAll(/7:\d+/g, '7:N').split('\n')).toEqual([
      '4096',
      'part: 3M (3145728 bytes), and was 2M',
      '0 6144 linear 7:N 2048',
      'top-0: 2M (2097152 bytes), and was 1M',
      'top: 2M (2097152 bytes), and was 1M',
      '2048',
      'below: 3M (3145728 bytes), and was 2M',
      'above: 3M (3145728 bytes), and was 2M',
      '',
    ]);
    const said = (device: string, room: number): string =>
      `dmfd: device ${device}: it ends before N:N does, which it lies on, and what is behind it may be another's\n  hint: if it is nobody's, ask for a size: there is room for ${room} bytes\n`;
    expect(stderr.replaceAll(/\d+:\d+/g, 'N:N')).toBe(said('part', 15_728_640) + said('two-1', 2_097_152));
  },
);

thorough('a key in a table is given to the longer table; one that only the kernel has, is not', async () => {
  const key = '00112233445566778899aabbccddeeff0123456789abcdef0123456789abcdef';
  const { stdout, stderr } = await vm.sh(`
    printf 'secret text' | dd of=/tmp/resize.img conv=notrunc status=none
    dmfd create plain --loop /tmp/resize.img --table '0 64 crypt aes-xts-plain64 ${key} 0 {loop0} 0 1 allow_discards' -- sh -c '
      head -c 512 {path} | md5sum >/tmp/before; dmfd resize plain --size 8M; dmsetup table plain
      echo 3 >/proc/sys/vm/drop_caches; head -c 512 {path} | md5sum | cmp - /tmp/before && echo same'
    dmfd create lost --loop /tmp/resize.img --key-random 256 --table '0 64 crypt aes-xts-plain64 {key} 0 {loop0} 0' -- sh -c '
      dmfd resize lost --size 8M; echo $?; dmsetup info lost | grep -E "State|Tables"; dmfd ls -n -o size'
    rm /tmp/before`);
  expect(stdout.replaceAll(/7:\d+/g, '7:N').split('\n')).toEqual([
    'plain: 8M (8388608 bytes), and was 32K',
    `0 16384 crypt aes-xts-plain64 ${'0'.repeat(64)} 0 7:N 0 1 allow_discards`,
    'same',
    '125',
    'State:             ACTIVE (DEFERRED REMOVE)',
    'Tables present:    LIVE',
    '32K',
    '',
  ]);
  expect(stderr).toMatch(/^dmfd: device lost: DM_TABLE_LOAD: E\w+, /);
  expect(stderr).toMatch(/\n {2}hint: its key was in a keyring/);
  expect(stderr).not.toContain(key);
});

const TRY = 'try() { dmfd resize "$@"; echo $?; }';

test('what cannot be, is refused with words, and nothing is changed', async () => {
  const { stdout, stderr } = await vm.sh(`${TRY}
    ${inside(
      "d --loop /tmp/resize.img --table '0 100 linear {loop0} 0'",
      `${TRY}
      try d --size 50; try d --size 16M; try d --size 17M; truncate -s 8M /tmp/resize.img
      try d --to-backing; truncate -s 17M /tmp/resize.img
      dmsetup suspend --noudevsync d; try d --size 17M; dmsetup resume --noudevsync d
      dmsetup load d --table "0 8 zero"; try d --size 17M; dmsetup clear d; dmsetup table d
      truncate -s 16M /tmp/resize.img`,
    )}
    try absent --to-backing`);
  expect(stdout.replaceAll(/7:\d+/g, '7:N').split('\n')).toEqual([
    '125',
    'd: 16M (16777216 bytes), and was 50K',
    '0',
    '125',
    'd: 16M (16777216 bytes), as before',
    '0',
    '125',
    '125',
    '0 32768 linear 7:N 0',
    '125',
    '',
  ]);
  const said = stderr.replaceAll(/7:\d+/g, '7:N').split('\n');
  expect(said.filter((line) => line.startsWith('dmfd: '))).toEqual([
    'dmfd: device d: it has 51200 bytes, and 25600 are less',
    'dmfd: device d: 17825792 bytes were asked for, and it lies on 7:N, which has room for a device of 16777216 bytes',
    'dmfd: device d: another program has suspended it, or loaded a table for it',
    'dmfd: device d: another program has suspended it, or loaded a table for it',
    'dmfd: device "absent": there is no such device',
  ]);
});

thorough('so is a table that cannot be extended', async () => {
  const { stdout, stderr } = await vm.sh(`${TRY}
    ${inside("s --table '0 128 striped 2 8 {loop0} 0 {loop0} 512' --loop /tmp/resize.img", `${TRY}; try s --size 200`)}
    ${inside('o --overlay /tmp/resize.img', `${TRY}; try o --to-backing`)}
    dmsetup create --noudevsync --notable none; try none --size 8; dmsetup remove --noudevsync none`);
  expect(stdout).toBe('125\n'.repeat(3));
  expect(stderr.split('\n').filter((line) => line.startsWith('dmfd: '))).toEqual([
    'dmfd: device s: its last segment is of target striped, which cannot be extended',
    'dmfd: device o: its table has a segment of target snapshot, which a second table would disturb',
    'dmfd: device none: it has no table that is live',
  ]);
});

test('a new table that cannot be made live is taken back', async () => {
  const output = await sh(
    inside(
      "d --loop /tmp/resize.img --table '0 100 linear {loop0} 0'",
      `${atCall('DM_DEV_SUSPEND', { error: 'EIO' })} dmfd resize d --size 200 2>&1
      ${atCall('DM_TABLE_LOAD', { error: 'ENOMEM' })} dmfd resize d --size 200 2>&1
      dmsetup info d | grep -E 'State|Tables'; blockdev --getsz $DMFD_PATH`,
    ),
  );
  expect(output.split('\n').filter((line) => !line.startsWith('  hint'))).toEqual([
    'dmfd: device d: DM_DEV_SUSPEND, resume with a new table: EIO, i/o error',
    'dmfd: device d: DM_TABLE_LOAD: ENOMEM, not enough memory',
    'State:             ACTIVE (DEFERRED REMOVE)',
    'Tables present:    LIVE',
    '100',
    '',
  ]);
});

thorough(
  'a loop device that has grown before a failure is no reason to refuse it the next time',
  async () => {
    const { stdout, stderr } = await vm.sh(
      inside(
        'd --linear /tmp/resize.img',
        `truncate -s 20M /tmp/resize.img; ${atCall('DM_TABLE_LOAD', { error: 'ENOMEM' })} dmfd resize d --to-backing
      dmfd resize d --size 20M; truncate -s 16M /tmp/resize.img`,
      ),
    );
    expect(stderr).toBe(
      'dmfd: device d: DM_TABLE_LOAD: ENOMEM, not enough memory\n' +
        '  hint: it is as it was before; try again, with a size: there is room for 20971520 bytes now\n',
    );
    expect(stdout).toBe('d: 20M (20971520 bytes), and was 16M\n');
  },
);

thorough('two at once: one resizes it, and the other is told', async () => {
  const run = 'dmfd resize d --size 300 2>&1 | head -n 1';
  const output = await sh(
    inside(
      "d --loop /tmp/resize.img --table '0 100 linear {loop0} 0'",
      `${atCall('DM_TABLE_LOAD', { run })} dmfd resize d --size 200`,
    ),
  );
  expect(output).toBe(
    'dmfd: device d: another dmfd resizes it at this moment\nd: 100K (102400 bytes), and was 50K\n',
  );
});

const SWEEP = vmFile('scenarios/resize/sweep.sh');

const VICTIMS = [
  ['shield', 2],
  ['over', 1],
  ['main', IN_MAIN],
  ['both', 2],
] as const;

test.each(everything ? VICTIMS : VICTIMS.slice(0, 1))(
  'SIGKILL (%s) leaves the old size or the new one, and never a suspended device',
  async (who, size) => {
    const run = (points: string) =>
      sh(
        `rm -f /tmp/kill.img; truncate -s 1M /tmp/kill.img
        dmfd create killed --linear /tmp/kill.img -- ${SWEEP} ${killAt} ${who} ${points}; rm /tmp/kill.img`,
        hours,
      );
    const count = Number(/^points (\d+)$/m.exec(await run('count'))?.[1]);
    // Load and resume are two calls, of two points each.
    expect(count).toBeGreaterThan(who === 'main' ? 50 : 4);
    const points = pointsFor(who, count, size, everything && who !== 'main');
    const lines = (await run(points.join(' '))).trim().split('\n');
    expect(lines.filter((line) => line !== 'killed')).toEqual([]);
    expect(lines.length).toBeGreaterThanOrEqual(
      points.length - (who === 'main' ? Math.ceil(points.length / 10) : 0),
    );
  },
  hours,
);
