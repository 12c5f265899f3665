import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { program } from '../../programs.js';
import { atCall } from './at-call.js';
import { atRegularIntervals } from './points.js';
import { everything, expectNothingLeft, GONE, sampleOf, sh, thorough, vm } from './support.js';

/** Where the images are. */
const HERE = '/tmp/integrity';
const inHere = (script: string) => `cd ${HERE}; export DM_DISABLE_UDEV=1; ${script}`;
const run = (script: string) => sh(inHere(script));
const failing = (script: string) => vm.sh(inHere(script));

/** The table without numbers of loop devices, and without what says how far the first checksums are. */
const table = (name: string) =>
  `dmsetup table ${name} | sed -E 's/ 7:[0-9]+ / L /; s/ J [0-9]+ / J /; s/ recalculate//'`;
/** Waits until every block has its checksum. */
const RECALCULATED = `until dmsetup status ours | awk '{ exit $5 != $6 }'; do sleep 0.1; done`;

beforeAll(async () => {
  await sh(`modprobe loop; mkdir ${HERE}`);
  await run('head -c 1M /dev/urandom >data; truncate -s 16M ours.img theirs.img');
});
afterAll(async () => {
  await sh(`rm -r ${HERE}`);
});
afterEach(expectNothingLeft);

describe('an area that is zero', () => {
  test('becomes, table and bytes, what integritysetup makes of it, and each opens what the other made', async () => {
    const output = await run(`
      dmfd create ours --integrity ours.img -- sh -c '
        cat {path} | tr -d "\\0" | wc -c; dd if=data of={path} bs=1M oflag=direct status=none; ${inner(`${RECALCULATED}; ${table('ours')}`)}; sha256sum <{path}' >ours
      # Without the salt that makes checksums differ between any two devices.
      loop=$(losetup -f --show theirs.img)
      integritysetup format -q --integrity-legacy-hmac $loop; integritysetup open $loop theirs
      dd if=data of=/dev/mapper/theirs bs=1M oflag=direct status=none
      { echo 0; ${table('theirs')}; sha256sum </dev/mapper/theirs; } >theirs
      integritysetup close theirs; losetup -d $loop; cmp ours theirs && cat theirs
      behind=$(sed -nE 's/.* journal_sectors:([0-9]+).*/\\1/p' theirs)
      cmp --ignore-initial=$(((8 + behind) * 512)) ours.img theirs.img && echo same
      dmfd create ours --integrity theirs.img -- cmp -n 1048576 {path} data && echo same
      loop=$(losetup -f --show ours.img)
      integritysetup open $loop theirs; cmp -n 1048576 /dev/mapper/theirs data && echo same
      integritysetup close theirs; losetup -d $loop`);
    expect(output).toMatch(
      /^0\n0 \d+ integrity L 0 4 J .*internal_hash:crc32c\n[0-9a-f]{64} {2}-\nsame\nsame\nsame\n$/,
    );
  });

  thorough('stays zero below a layer whose name is taken', async () => {
    const output = await run(`
      truncate -s 16M untouched.img; dmsetup create taken --table '0 8 zero'
      dmfd create taken --integrity untouched.img --then --linear {below} -- true 2>&1 | head -n 1
      dmsetup remove taken; tr -d '\\0' <untouched.img | wc -c; rm untouched.img`);
    expect(output).toMatch(/^dmfd: .*taken.*\n0\n$/);
  });

  test('of which one byte is changed later, is not read', async () => {
    const { code, stderr } = await failing(`
      printf x | dd of=ours.img bs=1 seek=10M conv=notrunc status=none
      dmfd create ours --integrity ours.img -- dd if={path} of=/dev/null bs=1M iflag=direct status=none`);
    expect(stderr).toMatch(/^dd: error reading '\/dev\/dm-\d+': Invalid or incomplete multibyte/);
    expect(code).toBe(1);
  });

  thorough(
    'of a block device, of which others have the zeros in their cache; in larger blocks, with a longer hash',
    async () => {
      const output = await run(`
      truncate -s 16M blocks.img; loop=$(losetup -f --show -b 4096 blocks.img); cat $loop >/dev/null; exec 7<$loop
      dmfd create ours --integrity $loop,checksum=sha256 -- sh -c '${inner(table('ours'))}; cp data {path}; cmp -n 1048576 {path} data && echo same'
      exec 7<&-; losetup -d $loop
      dmfd create ours --integrity blocks.img,checksum=sha256 -- cmp -n 1048576 {path} data && echo same`);
      expect(output).toMatch(
        /^0 \d+ integrity L 0 32 J .*block_size:4096.*internal_hash:sha256\nsame\nsame\n$/,
      );
      const { code, stderr } = await failing(
        'dmfd create ours --integrity blocks.img -- touch ran; ! [ -e ran ] && exit 125',
      );
      expect(stderr).toMatch(
        /^dmfd: integrity "blocks\.img": it was formatted with tags of 32 bytes, and those of crc32c have 4\n/,
      );
      expect(code).toBe(125);
    },
  );

  thorough('of a part of a file: nothing before or behind it is written to', async () => {
    const output = await run(`
      head -c 32M /dev/urandom >part.img; dd if=/dev/zero of=part.img bs=1M seek=8 count=16 conv=notrunc status=none
      before=$(head -c 8M part.img | sha256sum; tail -c 8M part.img | sha256sum)
      dmfd create ours --integrity part.img,offset=8M,size=16M -- sh -c '${inner(RECALCULATED)}; dd if=data of={path} oflag=direct bs=1M status=none; cat data data data >{path} && echo written'
      [ "$before" = "$(head -c 8M part.img | sha256sum; tail -c 8M part.img | sha256sum)" ] && echo unchanged`);
    expect(output).toBe('written\nunchanged\n');
  });

  const refused: [what: string, options: string, message: RegExp][] = [
    [
      'that is too small',
      '--integrity small.img',
      /^dmfd: device ours: DM_TABLE_LOAD: E[A-Z]+, .*\n {2}kernel: .*integrity: /,
    ],
    ['under a name that is taken', '--integrity zero.img', /^dmfd: device ours: .*exists/],
    ['with a hash that there is not', '--integrity zero.img,checksum=nonexistent', /kernel: .*integrity: /],
    [
      'beside what is missing',
      '--integrity zero.img --linear missing.img',
      /linear "missing\.img": cannot find it/,
    ],
    ['that a loop device has', '--integrity taken.img', /loop file "taken\.img": \/dev\/loop\d+ has it/],
  ];
  test.each(sampleOf(refused, 3))('%s stays as it is', async (what, options, message) => {
    const taken = what.includes('name');
    const { stdout, stderr } = await failing(`
      truncate -s 16M zero.img taken.img; truncate -s 16K small.img; loop=$(losetup -f --show taken.img)
      ${taken ? "dmsetup create ours --table '0 8 zero'" : ':'}
      dmfd create ours ${options} -- echo ran; echo $?
      ${taken ? 'dmsetup remove ours' : ':'}; losetup -d $loop
      for file in zero.img taken.img small.img; do tr -d '\\0' <$file | wc -c; done`);
    expect(stderr).toMatch(message);
    expect(stdout).toBe('125\n0\n0\n0\n');
  });

  // The first shield formats, the second makes the device.
  const killAt = program('kill-at');
  test.each(everything ? ['shield', 'over', 'group', 'main'] : [])(
    'and no SIGKILL (%s) leaves a device, or an area that cannot be used',
    async (who) => {
      const create = `dmfd create ours --integrity ${HERE}/killed.img`;
      const anew = `rm -f ${HERE}/killed.img; truncate -s 4M ${HERE}/killed.img`;
      const counted = await run(`${anew}; ${killAt} ${who} 1000000 ${create} -- true; [ $? = 3 ]`);
      const count = Number(/^points (\d+)$/m.exec(counted)?.[1]);
      const points = atRegularIntervals(count, who === 'shield' ? 12 : 6);
      const lines = await run(`${GONE}
        for point in ${points.join(' ')}; do
          ${anew}
          timeout 60 ${killAt} ${who} $point ${create} -- true 2>/dev/null | grep ^killed | cut -d' ' -f1
          left=$(gone); [ -z "$left" ] || echo "left: point $point: $left"
          ${create} -- true || echo "point $point: cannot be used"
        done`);
      const killed = lines.trim().split('\n');
      expect(killed.filter((line) => line !== 'killed')).toEqual([]);
      expect(killed.length).toBeGreaterThanOrEqual(points.length - 1);
    },
    3_600_000,
  );
});

describe('the store of an overlay', () => {
  test('may be zero or unknown; what is recognised is overwritten only by force', async () => {
    const { stdout, stderr } = await failing(`
      truncate -s 8M base.img fresh.img; cp data unknown.img; truncate -s 8M kept.img; truncate -s 8M ext4.img; mkfs.ext4 -q ext4.img
      dmfd create ours --loop base.img,ro --loop kept.img --table '0 16384 snapshot {loop0} {loop1} P 8' -- cp data {path}
      for cow in fresh.img unknown.img ext4.img kept.img ext4.img,force; do
        dmfd create ours --overlay base.img --cow $cow -- sh -c 'cp data {path}; echo written'
      done`);
    expect(stdout).toBe('written\nwritten\nwritten\n');
    expect(stderr).toBe(
      [
        'dmfd: cow "ext4.img": it has an ext2, ext3 or ext4 file system',
        'dmfd: cow "kept.img": it has the store of a snapshot (dm-snapshot)',
        '',
      ].join('\n  hint: "wipefs" shows more; swap --force, or --cow PATH,force, overwrites it\n'),
    );
  });

  /** Layers that write over their backing, how messages name it, and how each says what it has. */
  const EXT4 = 'it has an ext2, ext3 or ext4 file system';
  const OVERWRITERS = sampleOf(
    [
      ['--overlay base.img --cow', 'cow', EXT4],
      ['--integrity', 'integrity', `${EXT4}, and is formatted only where it is zero`],
    ] as const,
    2,
  );

  test.each(OVERWRITERS)(
    'is looked at again when what was in the way has gone: %s',
    async (option, what, has) => {
      const output = await run(`exec 2>&1
      rm -f store.img steps; truncate -s 8M base.img store.img ext4.img; mkfs.ext4 -q ext4.img
      dmfd create first --linear store.img -- sh -c '
        touch ready; until grep -q LOOP_GET_STATUS64 steps 2>/dev/null; do sleep 0.05; done
        dd if=ext4.img of={path} bs=64k count=1 status=none' &
      until [ -e ready ]; do sleep 0.05; done
      dmfd create ours -v ${option} store.img -- cp data {path} 2>steps; echo $?; wait; tail -n 2 steps | head -n 1
      blkid -p -s TYPE -o value store.img; rm ready steps`);
      expect(output).toBe(`125\ndmfd: ${what} "store.img": ${has}\next4\n`);
    },
  );

  test.each(OVERWRITERS)('is no device that another one is on: %s', async (option, what) => {
    const output = await run(`exec 2>&1
      rm -f store.img; truncate -s 8M base.img store.img; loop=$(losetup -f --show store.img)
      dmsetup create secret --table "0 16384 linear $loop 0"
      dmfd create ours ${option} $loop -- cp data {path}; echo $?; dmfd create ours ${option} $loop --dry-run; echo $?
      dmsetup remove secret
      upper=$(losetup -f --show $loop); dmfd create ours ${option} $loop -- cp data {path}; echo $?; losetup -d $upper
      losetup -d $loop; tr -d '\\0' <store.img | wc -c`);
    const refused = (by: string) =>
      `dmfd: ${what} "/dev/loopN": /dev/${by}N is on it, and it would be written over\n  hint: HINT\n125\n`;
    expect(output.replace(/(loop|dm-)\d+/g, '$1N').replace(/hint: .*/g, 'hint: HINT')).toBe(
      `${refused('dm-')}${refused('dm-')}${refused('loop')}0\n`,
    );
  });

  thorough('nor one that another comes to just before ours is loaded', async () => {
    const intruder = { run: 'dmsetup create secret --table "0 8 linear $(losetup -nO NAME -j store.img) 0"' };
    const output = await run(`exec 2>&1
      rm -f store.img; truncate -s 8M base.img store.img; loop=$(losetup -f --show store.img)
      ${atCall('DM_TABLE_LOAD', intruder)} dmfd create ours --overlay base.img --cow $loop -- cp data {path}; echo $?
      dmsetup remove secret; losetup -d $loop; tr -d '\\0' <store.img | wc -c`);
    expect(output).toMatch(/^dmfd: cow .* is on it, and it would be written over\n.*\n125\n0\n$/);
  });

  thorough('ends where its part of the file ends', async () => {
    const output = await run(`
      truncate -s 8M base.img; head -c 8M /dev/urandom >part.img; truncate -s 16M disk.img
      printf 'start=2048,size=2048\\nstart=4096,size=8192\\n' | sfdisk -q disk.img
      dd if=part.img of=disk.img bs=1M seek=2 count=4 conv=notrunc status=none
      before=$(tail -c +2097153 disk.img | sha256sum; tail -c +1048577 part.img | sha256sum)
      for cow in disk.img,partition=1 part.img,size=1M; do
        dmfd create ours --overlay base.img --cow $cow -- sh -c 'cat data data data >{path}' 2>/dev/null
      done
      [ "$before" = "$(tail -c +2097153 disk.img | sha256sum; tail -c +1048577 part.img | sha256sum)" ] && echo unchanged`);
    expect(output).toBe('unchanged\n');
  });
});

/** For what stands between single quotes. */
function inner(text: string): string {
  return text.replaceAll("'", `'\\''`);
}
