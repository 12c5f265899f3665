import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { atCall } from './at-call.js';
import { everything, expectNothingLeft, image, sampleOf, sh, thorough, vm, whole } from './support.js';

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
    const [taken, first, table, , kept] = output.trim().split('\n');
    expect(first).toBe('ours');
    expect(kept).toBe(taken);
    expect(table).toMatch(/^0 2040 linear 7:\d+ 0$/);
    expect(table).not.toContain(` 7:${taken?.replace('/dev/loop', '')} `);
  });

  thorough('one removes the free device before it is opened', async () => {
    const remove =
      'perl -e "open(F, q(+<), q(/dev/loop-control)) and ioctl(F, 0x4c81, 0 + shift) or die" $free';
    // The first that is opened is /dev/loop-control.
    const output = await sh(
      `export free=$(losetup -f | tr -dc 0-9)
       ${atCall('/dev/loop', { nth: 2, run: `[ -b /dev/loop$free ] && ${remove} && [ ! -e /dev/loop$free ] && echo removed` })} ${CREATE} ${LOOK}`,
    );
    expect(output).toMatch(/^removed\nours\n0 2040 linear 7:\d+ 0\n2040 8 linear 7:\d+ 2040\n$/);
  });

  thorough('they attach and detach all the time', async () => {
    const output = await sh(`
    touch /tmp/churning
    for i in 1 2 3; do
      while [ -e /tmp/churning ]; do losetup -d $(losetup --find --show /tmp/theirs.img); done &
    done 2>/dev/null
    for i in 1 2 3 4; do cp /tmp/ours.img /tmp/ours$i.img; ${CREATE.replaceAll('ours', 'ours$i')} -- head -c 4 {path} & makers="$makers $!"; done
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
    expect(output).toMatch(/^\/dev\/loop\d+\nours\n0 2040 linear 7:\d+ 0\n2040 8 linear 7:\d+ 2040\n$/);
  });
});

if (whole) {
  describe('a kernel without LOOP_CONFIGURE', () => {
    const OLD = atCall('LOOP_CONFIGURE', { nth: 0, error: 'EINVAL' });

    const ANSWERS = [
      ['EINVAL', ''],
      ['ENOTTY', ' --readonly'],
    ] as const;

    test.each(sampleOf(ANSWERS, 2))('that says %s: attached in two calls%s', async (error, options) => {
      const old = atCall('LOOP_CONFIGURE', { nth: 0, error });
      const { code, stdout, stderr } = await vm.sh(
        `${old} ${CREATE}${options} -v --wait-gone -- sh -c 'losetup -nO AUTOCLEAR,RO,OFFSET,SIZELIMIT,BACK-FILE; head -c 4 {path}'; losetup -a`,
      );
      expect(stderr).toMatch(new RegExp(`LOOP_CONFIGURE: ${error} .*\n.*LOOP_SET_FD, LOOP_SET_STATUS64: ok`));
      expect(stdout).toMatch(new RegExp(`^ *1 +${options === '' ? 0 : 1} +0 +0 /tmp/ours.img\nours$`));
      expect(code).toBe(0);
    });

    thorough('which is lost to another process: the next one is tried', async () => {
      const output = await sh(
        `${OLD} ${atCall('LOOP_SET_FD', { run: 'losetup --find /tmp/theirs.img' })} ${CREATE} ${LOOK}
       losetup -d $(losetup -n -O NAME -j /tmp/theirs.img)`,
      );
      expect(output).toMatch(/^ours\n0 2040 linear 7:\d+ 0\n2040 8 linear 7:\d+ 2040\n$/);
    });

    thorough('whose second call fails: detached again', async () => {
      const { code, stderr } = await vm.sh(
        `${OLD} ${atCall('LOOP_SET_STATUS64', { error: 'EIO' })} ${CREATE} -- echo ran`,
      );
      expect(code).toBe(125);
      expect(stderr).toMatch(/^dmfd: loop file "\/tmp\/ours.img": attach to \/dev\/loop\d+: EIO/);
    });

    test.each(sampleOf(['LOOP_SET_STATUS64', 'LOOP_SET_FD'] as const, 2))(
      'and SIGKILL at %s',
      async (call) => {
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
      },
    );
  });
}

if (whole) {
  describe('a file that another loop device has', () => {
    const refused = (file = '/tmp/ours.img', harm = 'the two would overwrite what the other writes') =>
      `dmfd: loop file "${file}": /dev/loopN has it; ${harm}\n  hint: "losetup -l" and "lsblk" show what uses it: end that; or allow both with --shared-loop\n`;
    const seen = 'what one writes, the other would see half or not at all';

    /** With the loop device of others, made so, as $loop. */
    async function beside(attach: string, create: string, undo = ':') {
      const { code, stdout, stderr } = await vm.sh(
        `cd /tmp; loop=$(${attach}); ${create}; code=$?; ${undo}; losetup -d $loop; exit $code`,
      );
      return { code, stdout, stderr: stderr.replaceAll(/loop\d+/g, 'loopN') };
    }

    const NAMES: readonly [what: string, attach: string, undo: string][] = [
      ['by its name', 'losetup -f --show ours.img', ':'],
      ['by another name', 'ln ours.img other.img; losetup -f --show other.img', 'rm other.img'],
      [
        'by a name removed since',
        'ln ours.img other.img; losetup -f --show other.img; rm other.img',
        '[ ! -e other.img ]',
      ],
      [
        'in another mount namespace',
        `unshare -m sh -ec 'mkdir -p /run/apart; mount -t tmpfs none /run/apart; touch /run/apart/ours.img
        mount --bind /tmp/ours.img /run/apart/ours.img; losetup -f --show /run/apart/ours.img'`,
        '[ ! -e /run/apart/ours.img ]',
      ],
      ['for reading', 'losetup -r -f --show ours.img', ':'],
    ];

    test.each(sampleOf(NAMES, 2))('%s is refused', async (what, attach, undo) => {
      const { code, stdout, stderr } = await beside(attach, `${CREATE} -- echo ran`, undo);
      const harm = what === 'for reading' ? seen : undefined;
      expect({ code, stdout, stderr }).toEqual({ code: 125, stdout: '', stderr: refused(undefined, harm) });
    });

    thorough('is refused in a plan, too', async () => {
      const { code, stdout, stderr } = await beside('losetup -f --show ours.img', `${CREATE} --dry-run`);
      expect({ code, stdout, stderr }).toEqual({ code: 125, stdout: '', stderr: refused() });
    });

    test('is refused for reading where the other writes', async () => {
      expect(await beside('losetup -f --show ours.img', `${CREATE} --readonly -- echo ran`)).toEqual({
        code: 125,
        stdout: '',
        stderr: refused(undefined, seen),
      });
    });

    thorough('is taken where both only read', async () => {
      expect(await beside('losetup -r -f --show ours.img', `${CREATE} --readonly -- echo ran`)).toMatchObject(
        {
          code: 0,
          stdout: 'ran\n',
        },
      );
    });

    test('is taken with --shared-loop', async () => {
      const output = await sh(
        `loop=$(losetup -f --show /tmp/ours.img); ${CREATE} --shared-loop -- sh -c 'losetup -nO BACK-FILE'; losetup -d $loop`,
      );
      expect(output).toBe('/tmp/ours.img\n/tmp/ours.img\n');
    });

    test('or a block device that one has', async () => {
      const over = "dmfd create over --loop $loop --table '0 2048 linear {loop0} 0' -- echo ran";
      expect(
        await beside(
          'losetup -f --show ours.img',
          `above=$(losetup -f --show $loop); ${over}`,
          'losetup -d $above',
        ),
      ).toEqual({ code: 125, stdout: '', stderr: refused('/dev/loopN') });
    });

    thorough('where /sys is not mounted, too', async () => {
      const { code, stdout, stderr } = await beside(
        'losetup -f --show ours.img',
        `unshare -m sh -c "mount -t tmpfs none /sys && exec ${CREATE} -- echo ran"`,
      );
      expect({ code, stdout, stderr }).toEqual({ code: 125, stdout: '', stderr: refused() });
    });

    thorough('is the same in one request, and in its plan', async () => {
      const twice = `--loop /tmp/ours.img --loop /tmp/ours.img --table '0 8 linear {loop0} 0' --table '8 8 linear {loop1} 0'`;
      const layers = `--loop /tmp/ours.img --table '0 8 linear {loop0} 0' --then --loop /tmp/ours.img --table '0 8 linear {below} 0' --table '8 8 linear {loop0} 0'`;
      const { code, stderr } = await vm.sh(`dmfd create twice ${twice} -- true`);
      expect(code).toBe(125);
      expect(stderr.replaceAll(/loop\d+/g, 'loopN')).toBe(refused());
      const planned = await vm.sh(`dmfd create twice ${twice} --dry-run; echo $?
        dmfd create twice ${layers} --dry-run; echo $?; dmfd create twice ${twice} --dry-run --shared-loop`);
      const message = refused().replace('/dev/loopN has it', 'another loop device is to have it, too');
      expect(planned.stderr).toBe(message + message.replace(': loop file', ': layer 1: loop file'));
      expect(planned.stdout).toBe('125\n125\n0 8 linear {loop0} 0\n8 8 linear {loop1} 0\n');
    });

    test('since after dmfd has looked: dmfd gives up its own', async () => {
      const output = await sh(
        `${atCall('LOOP_CONFIGURE', { run: 'losetup --find --show /tmp/ours.img' })} ${CREATE} -- echo ran; echo $?
       losetup -nO BACK-FILE; losetup -d $(losetup -n -O NAME -j /tmp/ours.img)`,
      );
      expect(output).toMatch(/^\/dev\/loop\d+\n125\n\/tmp\/ours.img\n$/);
    });

    test('but is about to be detached: dmfd waits for it', async () => {
      const output = await sh(`for i in 1 2 3; do ${CREATE} -- echo $i; done`);
      expect(output).toBe('1\n2\n3\n');
    });

    thorough('of several that want it at the same moment, one after the other gets it', async () => {
      // Each holds it for a moment: in all they take less than they are waited for.
      const output = await sh(
        `for i in 1 2 3; do ${CREATE.replace('create ours', 'create ours$i')} -- echo got & done; wait`,
      );
      expect(output).toBe('got\ngot\ngot\n');
    });
  });
}

if (whole) {
  describe('a block device that is in use', () => {
    /** $disk has two partitions, of which the first has a file system. */
    const DISK = `cd /tmp; mkdir -p used; truncate -s 24M used.img; printf '8M,8M\n,\n' | sfdisk -q --label gpt used.img
      disk=$(losetup -P -f --show used.img); mkfs.ext4 -qF "$disk"p1`;
    const END = 'losetup -d $disk; rm used.img; rmdir used';
    const over = (words: string) => `dmfd create over --loop ${words} --table '0 8 linear {loop0} 0'`;
    const says = (device: string, harm: string) =>
      `dmfd: loop file "${device}": a mount, swap or another device has it, or a part of it; ${harm}`;
    const destroyed = 'what is written here would destroy what stands there';

    async function refusalsOf(use: string, commands: readonly string[], end: string): Promise<string[]> {
      const { stdout } = await vm.sh(`exec 2>&1; ${DISK}; ${use} || exit
        ${commands.map((command) => `${command}; echo $?`).join('\n')}
        ${end}; ${END}`);
      return stdout
        .trim()
        .split('\n')
        .filter((line) => !line.startsWith('  hint: '))
        .map((line) => line.replaceAll(/loop\d+/g, 'loopN'));
    }

    test('is refused under a loop device: mounted, for writing and reading, as a plan, by a preset, and as the disk that it is a part of', async () => {
      const rows: [command: string, says: string, status: string][] = [
        [`${over('$disk"p1"')} -- echo ran`, says('/dev/loopNp1', destroyed), '125'],
        [
          `${over('$disk"p1"')} --readonly -- echo ran`,
          says('/dev/loopNp1', 'what one writes, the other would see half or not at all'),
          '125',
        ],
        [`${over('$disk')} -- echo ran`, says('/dev/loopN', destroyed), '125'],
        [`${over('$disk"p1"')} --dry-run`, says('/dev/loopNp1', destroyed), '125'],
        [
          'dmfd create over --linear $disk"p1",sector-size=4096 -- echo ran',
          says('/dev/loopNp1', destroyed),
          '125',
        ],
        [`${over('$disk,partition=1')} -- echo ran`, says('/dev/loopN', destroyed), '125'],
        // What is free of the disk.
        [`${over('$disk,partition=2')} -- echo ran`, 'ran', '0'],
        [`${over('$disk"p2"')} -- echo ran`, 'ran', '0'],
        // Insisted on.
        [`${over('$disk"p1"')} --shared-loop -- echo ran`, 'ran', '0'],
      ];
      const sample = sampleOf(rows, 2);
      const commands = sample.map(([command]) => command);
      expect(await refusalsOf('mount "$disk"p1 used', commands, 'umount used')).toEqual(
        sample.flatMap(([, ...answer]) => answer),
      );
    });

    test.each([
      ['swap', 'mkswap -q "$disk"p2 && swapon "$disk"p2', 'swapoff "$disk"p2'],
      [
        'below another',
        'export DM_DISABLE_UDEV=1; dmsetup create above --table "0 8 linear "$disk"p2 0"',
        'dmsetup remove above',
      ],
    ])('the same as %s', async (_what, use, end) => {
      expect(await refusalsOf(use, [`${over('$disk"p2"')} -- echo ran`], end)).toEqual([
        says('/dev/loopNp2', destroyed),
        '125',
      ]);
    });

    thorough(
      'the same as a partition, or the disk of one, that a loop device has; not as another partition',
      async () => {
        const taken = (device: string, by = '/dev/loopN has it') => [
          `dmfd: loop file "${device}": ${by}; the two would overwrite what the other writes`,
          '125',
        ];
        const rows: [command: string, answer: string[]][] = [
          [`${over('$disk')} -- echo ran`, taken('/dev/loopN')],
          [`${over('$disk,partition=1')} --dry-run`, taken('/dev/loopN')],
          [`${over('$disk"p2"')} -- echo ran`, ['ran', '0']],
          [`${over('$disk,partition=2')} -- echo ran`, ['ran', '0']],
          [
            `${over('$disk"p2"')} --loop $disk,partition=2 --table '8 8 linear {loop1} 0' --dry-run`,
            taken('/dev/loopN', 'another loop device is to have it, too'),
          ],
        ];
        const p1 = sampleOf(rows, 3);
        expect(
          await refusalsOf(
            'above=$(losetup -f --show "$disk"p1)',
            p1.map(([command]) => command),
            'losetup -d $above',
          ),
        ).toEqual(p1.flatMap(([, answer]) => answer));
        const disk = [`${over('$disk"p2"')} -- echo ran`];
        expect(await refusalsOf('above=$(losetup -f --show $disk)', disk, 'losetup -d $above')).toEqual(
          taken('/dev/loopNp2'),
        );
      },
    );

    const preset = (words: string) => `dmfd create over --linear $disk"${words}"`;
    const inTheWay = (device: string) => [
      `dmfd: linear "${device}": /dev/loopN has it; the two would overwrite what the other writes`,
      '125',
    ];

    test('one that a preset names is refused where a loop device has it', async () => {
      const rows: [command: string, answer: string[]][] = [
        [`${preset('p1')} -- echo ran`, inTheWay('/dev/loopNp1')],
        [`${preset('p1')} --shared-loop -- echo ran`, ['ran', '0']],
        [`${preset('p1')} --dry-run`, inTheWay('/dev/loopNp1')],
        [`${preset('')} -- echo ran`, inTheWay('/dev/loopN')],
        [`${preset('p2')} -- echo ran`, ['ran', '0']],
        [`${preset(',partition=2')} -- echo ran`, ['ran', '0']],
        [`${preset('p1,ro')} -- echo ran`, [expect.stringContaining('the other would see half'), '125']],
        [`${preset('p1,sector-size=4096')} --linear $disk"p1" --shared-loop -- echo ran`, ['ran', '0']],
      ];
      const sample = everything ? rows : rows.slice(0, 2);
      const commands = sample.map(([command]) => command);
      expect(await refusalsOf('above=$(losetup -f --show "$disk"p1)', commands, 'losetup -d $above')).toEqual(
        sample.flatMap(([, answer]) => answer),
      );
    });

    thorough('which comes after dmfd has looked, and its own are none', async () => {
      const intruder = atCall('DM_TABLE_LOAD', { run: 'losetup -f "$(losetup -nO NAME)"p1' });
      const commands = [
        `${intruder} ${preset('p1')} -- echo ran; s=$?; losetup -d $(losetup -nO NAME -j "$disk"p1); (exit $s)`,
        `${preset('p1')} --linear $disk"p1",sector-size=4096 -- echo ran`,
      ];
      expect(await refusalsOf(':', commands, ':')).toEqual([...inTheWay('/dev/loopNp1'), 'ran', '0']);
    });

    test('the same since after dmfd has looked', async () => {
      const intruder = atCall('LOOP_CONFIGURE', {
        run: 'DM_DISABLE_UDEV=1 dmsetup create above --table "0 8 linear $(losetup -nO NAME) 0"',
      });
      const create = `${intruder} ${over('$disk"p2"')} -- echo ran`;
      expect(await refusalsOf(':', [create], 'DM_DISABLE_UDEV=1 dmsetup remove above')).toEqual([
        says('/dev/loopNp2', destroyed),
        '125',
      ]);
    });

    thorough('but not for long: dmfd waits for a device of its own that goes', async () => {
      const one = `dmfd create one --linear $disk"p2" -- true; ${over('$disk"p2"')} -- true`;
      expect(await refusalsOf(':', [one, one], ':')).toEqual(['0', '0']);
    });
  });
}

test('a block device in place of a file', async () => {
  const output = await sh(
    `loop=$(losetup --find --show /tmp/ours.img); dmfd create ours --loop $loop --table '0 2048 linear {loop0} 0' ${LOOK}; losetup -d $loop`,
  );
  expect(output).toMatch(/^ours\n0 2040 linear 7:\d+ 0\n2040 8 linear 7:\d+ 2040\n$/);
});

if (whole) {
  thorough('a file of odd size: rounded down to sectors, with a warning', async () => {
    const create = "dmfd create ours --loop /tmp/odd.img --table '0 195 linear {loop0} 0'";
    const result = await vm.sh(
      `truncate -s 100000 /tmp/odd.img; ${create} -- sh -c 'blockdev --getsize64 {path}'; ${create} -q -- true`,
    );
    expect(result).toMatchObject({ code: 0, stdout: '99840\n' });
    expect(result.stderr).toBe(
      'dmfd: loop file "/tmp/odd.img": its 100000 bytes are no multiple of 512; the last 160 are left out\n',
    );
  });

  thorough('40 files under one device', async () => {
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
}
