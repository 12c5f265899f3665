import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { program } from '../../programs.js';
import { vmFile } from '../harness/checkout.js';
import { IN_MAIN, pointsFor } from './points.js';
import { everything, expectNothingLeft, GONE, sh, thorough, vm } from './support.js';

/** Where the images are. */
const HERE = '/tmp/layers';
const run = (script: string, timeoutMs?: number) =>
  sh(`cd ${HERE}; export DM_DISABLE_UDEV=1; ${script}`, timeoutMs);
const failing = (script: string) =>
  vm.sh(`cd ${HERE}; export DM_DISABLE_UDEV=1; ${script}`, { timeoutMs: 100_000 });
/** All tables, without numbers: `L0` is the first loop device in them, `D0` the first device-mapper one. */
const TABLES = `dmsetup table | sort | awk '{
  for (i = 1; i <= NF; i++) if ($i ~ /^[0-9]+:[0-9]+$/) { k = $i ~ /^7:/ ? "L" : "D"; if (!($i in seen)) seen[$i] = k n[k]++; $i = seen[$i] }
  $1 = $1; print }'`;

beforeAll(async () => {
  await sh(`rm -rf ${HERE}; mkdir ${HERE}`);
  await run(`truncate -s 16M disk.img cow.img; mkfs.ext4 -q base.img 16M`);
});
afterAll(async () => {
  await sh(`rm -r ${HERE}`);
});
afterEach(expectNothingLeft);

describe('layers in one call', () => {
  test('are one device to their user, who has the descriptor of the top one alone', async () => {
    const output = await run(`
      dmfd create up --linear disk.img --then --delay {below},read=1 --wait-gone --json-fd 9 -- sh -c '
        ${inner(TABLES)}
        dmsetup info -c --noheadings -o name,open,attr | sort
        echo "$DMFD_NAME $DMFD_LAYER0_NAME {name} {name:0} {name:1}"
        [ "{path:0} {dev:0}" = "$DMFD_LAYER0_PATH $DMFD_LAYER0_DEV" ] && blockdev --getsize64 {path:0}
        cat /sys/dev/block/$DMFD_LAYER0_DEV/slaves/*/loop/backing_file; stat -c %n $DMFD_LAYER0_LOOP0 >/dev/null
        for fd in /proc/$$/fd/*; do [ -b $fd ] && stat -Lc %Hr:%Lr $fd; done; echo {dev}' 9>events | tee out
      jq -c '[.event, .name, .below?[0]?.name]' events`);
    const lines = output.trim().split('\n');
    expect(lines.slice(0, 8)).toEqual([
      'up-0: 0 32760 linear L0 0',
      'up-0: 32760 8 linear L0 32760',
      'up: 0 32768 delay D0 0 1 D0 0 0',
      'up-0:1:L--w',
      'up:1:L--w',
      'up up-0 up up-0 up',
      '16777216',
      `${HERE}/disk.img`,
    ]);
    expect(lines[8]).toBe(lines[9]);
    expect(lines.slice(10)).toEqual([
      '["created","up","up-0"]',
      '["started",null,null]',
      '["ended",null,null]',
      '["gone",null,null]',
    ]);
  });

  test('an encrypted snapshot that goes with its umount: the base unchanged, the changes unreadable', async () => {
    const output = await run(`
      sha256sum <base.img >before; mkdir -p mnt
      dmfd create snap --crypt cow.img --then --overlay base.img --cow {below} -- mount {path} mnt
      ${TABLES} | sed 's/:64:logon:dmfd:[^ ]*/KEY/'
      echo SECRETSECRET >mnt/file; sync; cat mnt/file; umount mnt
      sha256sum <base.img | cmp - before && echo unchanged; grep -c SECRETSECRET cow.img; tr -d '\\0' <cow.img | head -c 1 | wc -c`);
    expect(output).toBe(
      'snap-0: 0 32768 crypt aes-xts-plain64 KEY 0 L0 0\nsnap: 0 32768 snapshot L1 D0 N 8\nSECRETSECRET\nunchanged\n0\n1\n',
    );
  });

  thorough('a thin pool is told to make the volume before that is loaded', async () => {
    const output = await run(`
      truncate -s 4M meta.img; truncate -s 16M data.img
      dmfd create thin --loop meta.img --loop data.img --table '0 {sectors1} thin-pool {loop0} {loop1} 128 0' \\
        --message '0 create_thin 0' --message '0 set_transaction_id 0 7' --then --table '0 2097152 thin {below} 0' -- sh -c '
        echo kept | dd of={path} seek=2097151 conv=fsync status=none; blockdev --getsize64 {path}; dmsetup status thin thin-0'
      dmfd create thin --loop meta.img --loop data.img --table '0 {sectors1} thin-pool {loop0} {loop1} 128 0' \\
        --then --table '0 2097152 thin {below} 0' -- dd if={path} skip=2097151 count=1 status=none | head -c 4`);
    expect(output).toMatch(
      /^1073741824\nthin: 0 2097152 thin 128 2097151\nthin-0: 0 32768 thin-pool 7 .*\nkept$/,
    );
  });

  thorough(
    'authenticated encryption over integrity: what is changed below is an error, not data',
    async () => {
      const output = await run(`
      truncate -s 16M tags.img; head -c 96 /dev/urandom >key
      stack() {
        dmfd create aead --integrity tags.img,tag-size=48 --then \\
          --key-file key --table '0 {below:sectors} crypt capi:authenc(hmac(sha256),xts(aes))-random {key} 0 {below} 0 1 integrity:48:aead' -- "$@"
      }
      stack blkdiscard -fz {path}
      stack sh -c 'echo authentic | dd of={path} bs=4096 conv=sync oflag=direct status=none'
      stack sh -c 'head -c 9 {path}; dmsetup table aead-0 | cut -d" " -f3,6; dmsetup table aead | cut -d" " -f3-4'
      for at in $(seq 1 3); do dd if=/dev/urandom of=tags.img bs=1M seek=$at count=1 conv=notrunc status=none; done
      stack sh -c 'dd if={path} bs=512 skip=4096 count=1 iflag=direct of=/dev/null 2>&1 | head -1'`);
      expect(output).toMatch(
        /^authenticintegrity 48\ncrypt capi:authenc\(hmac\(sha256\),xts\(aes\)\)-random\ndd: error reading '\/dev\/dm-\d+': Invalid or incomplete multibyte or wide character\n$/,
      );
    },
  );

  thorough(
    'verity over linear over a partition, whose hashes can be read when the layers below are there',
    async () => {
      const output = await run(`
      head -c 4M /dev/urandom >part.img; truncate -s 6M part.img
      root=$(veritysetup format --hash-offset=4194304 --data-blocks=1024 part.img part.img | awk '/Root hash/ { print $3 }')
      truncate -s 16M whole.img; printf 'start=2048,size=12288\\n' | sfdisk -q whole.img
      dd if=part.img of=whole.img bs=1M seek=1 conv=notrunc status=none
      verity() {
        dmfd create checked "$@" --then --verity "{below},hash={below},hash-offset=4M,root=$root" -- sh -c '
          cmp -n 4194304 {path} part.img && echo same; blockdev --getro {path}; blockdev --getsize64 {path}'
      }
      verity --linear whole.img,partition=1
      verity --linear whole.img --then --linear {below},partition=1
      verity --linear whole.img --then --linear {below},offset=1M 2>&1`);
      const one = 'same\n1\n4194304\n';
      expect(output).toBe(one.repeat(3));
    },
  );

  thorough('flakey over delay, and --concise as dmsetup takes it', async () => {
    const output = await run(`
      dmfd create f --delay disk.img,read=1 --then --flakey {below},up=60,down=1,drop-writes -- sh -c ${quote(TABLES)}
      theirs=$(losetup -f --show disk.img)
      text="low,,,rw,0 2048 linear $theirs 0;up,,,rw,0 1024 linear /dev/mapper/low 1024,1024 8 zero"
      dmsetup create --concise "$text" && { ${TABLES}; dmsetup table --concise low up; dmsetup remove up low; } >theirs
      dmfd create --concise "$text" -- sh -c ${quote(TABLES)} >ours
      head -3 theirs | cmp - ours && cat ours
      dmfd create --concise "$(tail -1 theirs)" -- sh -c ${quote(TABLES)} | cmp - ours && echo same; losetup -d $theirs`);
    expect(output).toBe(
      'f-0: 0 32768 delay L0 0 1 L0 0 0\nf: 0 32768 flakey D0 0 60 1 1 drop_writes\n' +
        'low: 0 2048 linear L0 0\nup: 0 1024 linear D0 1024\nup: 1024 8 zero\nsame\n',
    );
  });

  thorough('are waited for, and whoever holds a lower one is told', async () => {
    const { code, stderr } = await failing(
      "dmfd create up --linear disk.img --then --linear {below} --wait-gone=0.5 -- sh -c 'sleep 3 <{path:0} 3<&- >/dev/null 2>&1 &'",
    );
    expect(stderr).toMatch(/^dmfd: device up-0 \(\d+:\d+\) is still there, held by .*sleep.*\n$/);
    expect(code).toBe(124);
    await run('while [ -e /dev/mapper/up-0 ] || dmsetup info up-0 >/dev/null 2>&1; do sleep 0.2; done');
  });

  thorough('by the library', async () => {
    await run('truncate -s 1M library.img');
    expect(await run(`node ${vmFile('scenarios/library/layers.mjs')} ${HERE}/library.img`)).toBe('ok\n');
  });
});

test('a plan looks at who claims a block device, and a creation leaves that to the kernel', async () => {
  const output = await run(`
    loop=$(losetup -f --show base.img)
    for plan in '--dry-run' '-- true'; do
      dmfd create up -v --crypt cow.img --then --overlay $loop --cow {below} $plan 2>&1 | grep -c "open .*$loop.* exclusively"
    done; losetup -d $loop`);
  expect(output).toBe('1\n0\n');
});

describe('an error leaves no layer', () => {
  test.each([
    ['in the second', "--then --table '0 8 linear {below} x'", /^dmfd: device up: DM_TABLE_LOAD: EINVAL/],
    [
      'of a message',
      "--message '0 frob' --then --linear {below}",
      /^dmfd: device up-0, message "frob": DM_TARGET_MSG: EINVAL, .*\n {2}kernel: .*does not support messages\n {2}hint: /,
    ],
    [
      'of a read-only one',
      "--readonly --then --linear {below} --message '0 x'",
      /^dmfd: device up, message "x"/,
    ],
  ])('%s', async (_what, options, message) => {
    const { code, stderr } = await failing(`dmfd create up --linear disk.img ${options} -- echo ran`);
    expect(stderr).toMatch(message);
    expect(code).toBe(125);
  });

  const CREATE = `dmfd create --loop ${HERE}/disk.img --table '0 8 linear {loop0} 0' --then --table '0 8 linear {below} 0'`;
  const killAt = program('kill-at');

  // The first shield is that of any device (sigkill.test.ts).
  const KILLS = [
    ['shield2', 2],
    ['over2', 2],
    ['main', IN_MAIN],
    ['group2', 2],
  ] as const;
  test.each(everything ? KILLS : KILLS.slice(0, 1))(
    'and no SIGKILL (%s)',
    async (who, size) => {
      const counted = await run(`${killAt} ${who} 1000000 ${CREATE} -- true; [ $? = 3 ]`);
      const count = Number(/^points (\d+)$/m.exec(counted)?.[1]);
      expect(count).toBeGreaterThan(who === 'main' ? 200 : 14);
      const points = pointsFor(who, count, size, everything && who !== 'main');
      const lines = await run(
        `${GONE}
      for point in ${points.join(' ')}; do
        timeout 60 ${killAt} ${who} $point ${CREATE} -- true 2>/dev/null | grep ^killed | cut -d' ' -f1
        left=$(gone); [ -z "$left" ] || echo "left: point $point: $left"
      done`,
        3_600_000,
      );
      const killed = lines.trim().split('\n');
      expect(killed.filter((line) => line !== 'killed')).toEqual([]);
      expect(killed.length).toBeGreaterThanOrEqual(
        points.length - (who === 'main' ? Math.ceil(points.length / 10) : 0),
      );
    },
    3_600_000,
  );
});

function quote(text: string): string {
  return `'${inner(text)}'`;
}

/** For what stands between single quotes. */
function inner(text: string): string {
  return text.replaceAll("'", `'\\''`);
}
