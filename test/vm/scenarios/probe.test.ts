import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { atCall } from './at-call.js';
import {
  expectedMode,
  expectNothingLeft,
  image,
  kernelKnows,
  sampleOf,
  sh,
  thorough,
  vm,
} from './support.js';

const stock = expectedMode === 'fallback';

beforeAll(async () => {
  await image('probe.img', 1);
  await sh("dmfd create --loop /tmp/probe.img --table '0 8 linear {loop0} 0' -- true");
});

afterEach(expectNothingLeft);

describe('probe', () => {
  test('tells what dmsetup tells, and what a creation comes to', async () => {
    const [json = '', version = '', targets = ''] = (
      await sh("dmfd probe --json; echo ---; dmsetup version; echo ---; dmsetup targets | LC_ALL=C tr -s ' '")
    ).split('---\n');
    expect(json.endsWith('}\n')).toBe(true);
    const found = JSON.parse(json);
    expect(found).toMatchObject({
      usable: true,
      reasons: [],
      mode: expectedMode,
      descriptorAnswer: stock ? 'ignores the flag' : 'returns the descriptor',
      deferredRemove: true,
      diskseq: kernelKnows('diskseq'),
      loop: { available: true, configure: true },
    });
    expect(version).toContain(`Driver version: ${' '.repeat(3)}${found.driverVersion}\n`);
    const told = found.targets.map(
      ({ name, version }: { name: string; version: number[] }) => `${name} v${version.join('.')}`,
    );
    expect(told.sort()).toEqual(targets.trim().split('\n').sort());
    expect(told.join()).toContain('linear v1.');
  });

  test('for people', async () => {
    const { code, stdout, stderr } = await vm.sh('dmfd probe');
    expect(stderr).toBe('');
    expect(stdout).toMatch(
      new RegExp(
        `^device-mapper +4\\.\\d+\\.\\d+
create would use +${expectedMode}
DM_FILE_DESCRIPTOR_FLAG +the kernel ${stock ? 'ignores the flag' : 'returns the descriptor'}
deferred remove +yes
disk sequence numbers +${kernelKnows('diskseq') ? 'yes' : 'no'}
loop devices +yes, attached in one call \\(LOOP_CONFIGURE\\)
targets loaded +.*\\blinear 1\\.\\d+\\.\\d+.*
$`,
      ),
    );
    expect(code).toBe(0);
  });

  test('not root: 1, and the reasons', async () => {
    const { code, stdout, stderr } = await vm.sh(
      'setpriv --reuid=65534 --regid=65534 --clear-groups dmfd probe --json',
    );
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({
      usable: false,
      reasons: [expect.stringMatching(/^open \/dev\/mapper\/control: EACCES.*root/)],
      driverVersion: null,
      targets: [],
      mode: null,
      descriptorAnswer: null,
      deferredRemove: null,
      diskseq: null,
      loop: { available: false, configure: false, reason: expect.stringContaining('/dev/loop-control') },
    });
    expect(code).toBe(1);
  });

  thorough(
    'a /dev without control nodes: works through nodes of its own, unless it may not make any',
    async () => {
      const { stdout, stderr } = await vm.sh(`
      cat >/tmp/bare-dev <<'EOF'
        mkdir -p /tmp/dev; mount --bind /dev /tmp/dev; mount -t tmpfs tmpfs /dev; cp -a /tmp/dev/null /dev
        dmfd probe --json; echo $?
        setpriv --bounding-set -mknod --inh-caps -mknod dmfd probe --json; echo $?; ls -A /dev
EOF
      unshare -m sh /tmp/bare-dev`);
      expect(stderr).toBe('');
      const [works = '', first, not = '', second, ...left] = stdout.trim().split('\n');
      expect([first, second, left]).toEqual(['0', '1', ['null']]);
      expect(JSON.parse(works)).toMatchObject({
        usable: true,
        mode: expectedMode,
        loop: { configure: true },
      });
      expect(JSON.parse(not)).toMatchObject({
        usable: false,
        reasons: [expect.stringMatching(/^\/dev\/mapper\/control does not exist.*EPERM.*mknod/)],
      });
    },
  );

  // The patched kernels have the driver built in.
  test.runIf(vm.kernel.name.startsWith('debian-'))(
    'a module is loaded by the program that the kernel itself calls for that',
    async () => {
      const output = await sh(`
        cat >/tmp/bare-dev <<'EOF'
          mkdir -p /tmp/dev; mount --bind /dev /tmp/dev; mount -t tmpfs tmpfs /dev; cp -a /tmp/dev/null /dev
          dmfd probe --json
EOF
        printf '#!/bin/sh\\necho "$@" >>/tmp/called\\nexec /sbin/modprobe "$@"\\n' >/tmp/loader; chmod +x /tmp/loader
        modprobe -r loop
        usual=$(cat /proc/sys/kernel/modprobe); echo /tmp/loader >/proc/sys/kernel/modprobe
        unshare -m sh /tmp/bare-dev
        echo "$usual" >/proc/sys/kernel/modprobe; cat /tmp/called; rm -f /tmp/called /tmp/loader`);
      const [json = '', ...called] = output.trim().split('\n');
      expect(JSON.parse(json)).toMatchObject({ loop: { available: true } });
      // The kernel's own way to call it has options.
      expect(called.filter((words) => !words.startsWith('-'))).toEqual(['loop']);
    },
  );

  test('an old kernel: what it lacks, and that it does without', async () => {
    const old = [
      atCall('LOOP_CONFIGURE', { nth: 0, error: 'EINVAL' }),
      atCall('BLKGETDISKSEQ', { nth: 0, error: 'ENOTTY' }),
      atCall('DM_DEV_CREATE', { error: 'EINVAL' }),
    ];
    expect(await sh(`${old.join(' ')} dmfd probe`)).toMatch(
      /^create would use +fallback\n.* refuses the flag with EINVAL\ndeferred remove +yes\ndisk sequence numbers +no\n.* in two calls$/m,
    );
  });

  // Where the kernel returns the descriptor, the device is marked for removal without a DM_DEV_REMOVE that could fail.
  if (stock) {
    test('a kernel without deferred remove: 1, and the reason', async () => {
      const { code, stdout } = await vm.sh(`${atCall('DM_DEV_REMOVE', { error: 'EBUSY' })} dmfd probe`);
      expect(stdout).toMatch(/^create would use +nothing/m);
      expect(stdout).toMatch(/^deferred remove +no$/m);
      expect(stdout).toMatch(/^create cannot work: device \S+ this kernel does not know deferred removal/m);
      expect(code).toBe(1);
    });
  }
});

/** A device as a kill of dmfd and its shield at once leaves it: loaded, not marked for removal. */
const leak = (name: string, options: string) =>
  `${atCall('DM_DEV_REMOVE', { run: 'kill -9 $COMMAND $CALLER' })} dmfd create ${name} --mode fallback ${options} -- true`;

const OVER_LOOP = `--loop /tmp/probe.img --table '0 8 linear {loop0} 0'`;
const ZERO = `--table '0 8 zero'`;

/** What `ls` prints of each device: state, UUID and name. */
const ls = 'dmfd ls -n -o state,open,uuid,name';

describe('ls and reap', () => {
  test('ls lists what is dmfd’s; reap removes what is leaked, and nothing else', async () => {
    const { code, stdout, stderr } = await vm.sh(`
      ${leak('leaked', OVER_LOOP)}
      ${atCall('DM_TABLE_LOAD', { run: 'kill -9 $COMMAND $CALLER' })} dmfd create 'without table' --mode fallback ${ZERO} -- true
      ${leak('used', ZERO)}
      sleep 100 </dev/dm-$(dmsetup info -c --noheadings -o minor used) & sleeper=$!
      dmsetup create --noudevsync theirs --uuid THEIRS ${ZERO}
      dmfd create alive ${ZERO} -- sh -c '
        cat /sys/block/loop*/loop/backing_file; ${ls}; echo; dmfd ls --json; echo; dmfd reap --dry-run; echo; dmfd reap; echo; ${ls}'
      echo; dmfd reap; dmsetup info -c --noheadings -o name --sort name
      kill $sleeper; wait $sleeper
      for n in $(seq 100); do dmsetup info -c --noheadings -o name | grep -qx used || break; sleep 0.1; done
      dmsetup info -c --noheadings -o name; dmsetup remove --noudevsync theirs`);
    const [text = '', json = '', planned, reaped, after, rest] = stdout.split('\n\n');
    expect(stderr).toMatch(/^(Killed\n)*(Terminated\n)?$/);
    expect(text.split('\n')).toEqual([
      '/tmp/probe.img',
      expect.stringMatching(/^leaked 0 DMFD-[0-9a-f-]{36} leaked$/),
      expect.stringMatching(/^leaked 0 DMFD-[0-9a-f-]{36} without table$/),
      expect.stringMatching(/^leaked 1 DMFD-[0-9a-f-]{36} used$/),
      expect.stringMatching(/^held {3}1 DMFD-[0-9a-f-]{36} alive$/),
    ]);
    const listed = json.split('\n').map((line) => JSON.parse(line));
    expect(
      listed.map(({ name, openCount, deferredRemove, state }) => [name, openCount, deferredRemove, state]),
    ).toEqual([
      ['leaked', 0, false, 'leaked'],
      ['without table', 0, false, 'leaked'],
      ['used', 1, false, 'leaked'],
      ['alive', 1, true, 'held'],
    ]);
    for (const { uuid, name } of listed) expect(text).toContain(` ${uuid} ${name}`);
    expect(planned).toBe(
      'leaked: would be removed\nwithout table: would be removed\nused: would go with its last holder (open 1)',
    );
    expect(reaped).toBe(
      'leaked: removed\nwithout table: removed\nused: goes when its last holder does (open 1)',
    );
    expect(after?.split('\n')).toEqual([
      expect.stringMatching(/^held 1 DMFD-.* used$/),
      expect.stringMatching(/^held 1 DMFD-.* alive$/),
    ]);
    expect(rest).toBe('theirs\nused\ntheirs\n');
    expect(code).toBe(0);
  });

  thorough(
    'what may be another program’s, or is kept on purpose, is left; what is named is removed if nobody made it live',
    async () => {
      const { stdout, stderr } = await vm.sh(`
      ${leak('chosen', `${ZERO} --uuid DMFD-chosen`)}
      dmsetup create --noudevsync backup --uuid DMFD-backup ${ZERO}
      dmfd create kept --uuid DMFD-kept ${ZERO} -- dmsetup message kept 0 @cancel_deferred_remove
      ${ls}; echo; dmfd reap; echo
      for name in chosen backup kept absent; do dmfd reap $name; echo $?; done
      echo; ${ls}; dmsetup remove --noudevsync backup; dmsetup remove --noudevsync kept`);
      const listed = (space: string) =>
        ['0 DMFD-backup backup', '0 DMFD-kept   kept'].map((line) => `kept${space}${line}`).join('\n');
      expect(stdout.split('\n\n')).toEqual([
        `leaked 0 DMFD-chosen chosen\n${listed('   ')}`,
        // Nothing from the reap without names.
        '\nchosen: removed\n0\n125\n125\n125',
        `${listed(' ')}\n`,
      ]);
      expect(stderr.replace(/^Killed\n/, '').split('\n')).toEqual([
        'dmfd: device backup: it is not leaked: it is in use, and its removal is not deferred',
        '  hint: if nobody needs it, "dmsetup remove --deferred" removes it',
        'dmfd: device kept: it is not leaked: it is in use, and its removal is not deferred',
        '  hint: if nobody needs it, "dmsetup remove --deferred" removes it',
        'dmfd: device absent: there is no device of that name',
        '  hint: "dmsetup info -c" shows what exists',
        '',
      ]);
    },
  );

  thorough('names that are no text are listed and reaped', async () => {
    const name = `$(printf 'a\\377b')`;
    const output = await sh(`export DM_DEFAULT_NAME_MANGLING_MODE=none
      dmsetup create --noudevsync --notable "${name}" --uuid DMFD-6a865b81-10e6-4c83-8a41-44eab8ad6852
      dmfd ls -n -o state,uuid; dmfd reap | sed 's/.*://'; dmfd ls`);
    expect(output).toBe('leaked DMFD-6a865b81-10e6-4c83-8a41-44eab8ad6852\n removed\n');
  });

  thorough('creations that run meanwhile are not disturbed', async () => {
    const output = await sh(`
      ${leak('leaked', OVER_LOOP)} 2>/dev/null
      for i in 1 2 3 4; do dmfd create --table '0 8 zero' -- echo made & done
      dmfd reap; wait`);
    expect(output.split('\n').sort()).toEqual(['', 'leaked: removed', 'made', 'made', 'made', 'made']);
  });

  test.each(sampleOf(['DM_DEV_REMOVE', 'DM_TABLE_LOAD'] as const, 2))(
    'a creation that stands still at %s is being made, and loses nothing to reap',
    async (call) => {
      const run = 'dmfd ls -n -o state,name; dmfd reap; dmfd reap slow';
      const output = await sh(
        `${atCall(call, { run })} dmfd create slow --mode fallback --table '0 8 zero' -- echo ran`,
      );
      expect(output).toBe(`making slow\n${'slow: being made, left alone\n'.repeat(2)}ran\n`);
    },
  );

  test('a creation that somebody takes the device from says so', async () => {
    const run = 'dmsetup remove --noudevsync slow';
    const lost = await vm.sh(
      `${atCall('DM_TABLE_LOAD', { run })} dmfd create slow --mode fallback --table '0 8 zero' -- echo ran`,
    );
    expect(lost).toMatchObject({ code: 125, stdout: '' });
    expect(lost.stderr).toMatch(/^dmfd: device slow: somebody removed or replaced it/);
  });
});
